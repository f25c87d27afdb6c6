"""The server's side of a connection."""

from __future__ import annotations

import asyncio
import socket
from typing import Protocol, cast


class Client(Protocol):
    """What a server's side is joined to."""

    def server_made(self, side: ServerSide) -> None:
        """Take a server's connection."""

    def server_data(self, side: ServerSide, data: bytes) -> None:
        """Take bytes from a server."""

    def server_eof(self, side: ServerSide) -> bool:
        """Take the end of a server's bytes; return whether it is still listened to."""

    def server_pauses(self, side: ServerSide, *, paused: bool) -> None:
        """Be told that a server can, or cannot, take more."""

    def server_lost(self, side: ServerSide) -> None:
        """Be told that a server's connection has ended."""


class ServerSide(asyncio.Protocol):
    """Tells the link what becomes of its connection to one server."""

    transport: asyncio.Transport

    def __init__(self, link: Client, address: str) -> None:
        self._link = link
        self.address = address

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        no_delay(self.transport)
        self._link.server_made(self)

    def data_received(self, data: bytes) -> None:
        self._link.server_data(self, data)

    def eof_received(self) -> bool:
        return self._link.server_eof(self)

    def pause_writing(self) -> None:
        self._link.server_pauses(self, paused=True)

    def resume_writing(self) -> None:
        self._link.server_pauses(self, paused=False)

    def connection_lost(self, _: Exception | None) -> None:
        self._link.server_lost(self)


def no_delay(transport: asyncio.Transport) -> None:
    """Have bytes sent when they are written."""
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
