"""One proxied connection: the client's side, and the server that it is joined to."""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial
from typing import TYPE_CHECKING, cast

from sut.edge.pipe import Pipe
from sut.edge.server import ServerSide, no_delay
from sut.edge.stage import Mark, stage_of
from sut.edge.toxic import Stream, Toxic

if TYPE_CHECKING:
    from sut.edge.route import Route

CONNECT_SECONDS = 3.0
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Link(asyncio.Protocol):
    """The client's side of a connection; makes the other side and joins the two."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._up, self._down = Pipe(self), Pipe(self)
        self._pipes: dict[Stream, Pipe] = {"upstream": self._up, "downstream": self._down}
        self._client: asyncio.Transport | None = None
        self._server: ServerSide | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._path = ""
        """what the request that is under way asks for, where requests are read"""
        for name, toxic in route.worn().items():
            self.put(name, toxic)

    # --- the client ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client's connection and open one to a server."""
        self._take(cast("asyncio.Transport", transport))
        self._connect(self._route.balance.pick())

    def data_received(self, data: bytes) -> None:
        """Send the client's bytes on their way."""
        self._up.feed(data)

    def eof_received(self) -> bool:
        """Pass on that the client has no more to say; it may still listen."""
        self._up.feed(Mark.END)
        return True

    def pause_writing(self) -> None:
        """Have the server wait: the client reads slowly."""
        self._down.pause(paused=True)

    def resume_writing(self) -> None:
        """Have the server go on."""
        self._down.pause(paused=False)

    def connection_lost(self, _: Exception | None) -> None:
        """End the other side too."""
        self.cut()

    # --- the server ---

    def server_made(self, side: ServerSide) -> None:
        """Take a server's connection."""
        self._connecting = None
        if self._client is None or self._client.is_closing():
            side.transport.abort()
        else:
            self._join(side)

    def server_data(self, _: ServerSide, data: bytes) -> None:
        """Send the server's bytes on their way."""
        self._down.feed(data)

    def server_eof(self, _: ServerSide) -> bool:
        """Pass on that the server has no more to say."""
        self._down.feed(Mark.END)
        return True

    def server_pauses(self, _: ServerSide, *, paused: bool) -> None:
        """Have the client wait, or go on: the server reads slowly."""
        self._up.pause(paused=paused)

    def server_lost(self, _: ServerSide) -> None:
        """End the client's side too."""
        self.cut()

    # --- the route ---

    def put(self, name: str, toxic: Toxic | None) -> None:
        """Put a toxic on, if chance has it, instead of the one of that name; None takes it off."""
        stage = None
        if toxic and self._route.hits(toxic):
            stage = stage_of(toxic, self._route.chance)
        for stream, pipe in self._pipes.items():
            pipe.put(name, stage if toxic and toxic.stream == stream else None)

    def settle(self) -> None:
        """Look at where the route leads now; a connection stays where it is."""

    # --- the end ---

    def direction_ended(self) -> None:
        """End both sides once nothing more can arrive at either."""
        if self._up.is_over and self._down.is_over:
            self.close()

    def close(self) -> None:
        """End both sides; what was sent still arrives."""
        for transport in self._transports():
            transport.close()

    def reset(self) -> None:
        """End both sides with a TCP reset."""
        for transport in self._transports():
            raw = transport.get_extra_info("socket")
            if raw is not None:
                raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.cut()

    def cut(self) -> None:
        """End both sides at once and drop what is held."""
        self._route.links.discard(self)
        self._up.stop()
        self._down.stop()
        if self._connecting and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        for transport in self._transports():
            if not transport.is_closing():
                transport.abort()

    # --- inside ---

    def _take(self, client: asyncio.Transport) -> None:
        no_delay(client)
        self._client = client
        self._route.links.add(self)
        self._up.flow_from(client)
        self._down.flow_to(client)

    def _connect(self, address: str | None) -> None:
        self._connecting = asyncio.get_running_loop().create_task(self._try_from(address))

    async def _try_from(self, address: str | None) -> None:
        """Try an address, then each of the others once."""
        loop, tried = asyncio.get_running_loop(), set[str]()
        while address:
            host, _, port = address.rpartition(":")
            server_side = partial(ServerSide, self, address)
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    await loop.create_connection(server_side, host, int(port))
            except (OSError, TimeoutError):
                tried.add(address)
                address = self._route.balance.pick(but=tried, path=self._path)
            else:
                return
        self.cut()

    def _join(self, side: ServerSide | None) -> None:
        self._server = side
        self._down.flow_from(side.transport if side else None)
        self._up.flow_to(side.transport if side else None)

    def _transports(self) -> list[asyncio.Transport]:
        server = [self._server.transport] if self._server else []
        return [*server, self._client] if self._client else server
