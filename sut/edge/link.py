"""One proxied connection: two directions, each a queue of bytes and the moment they are due."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from sut.edge.toxic import Direction

if TYPE_CHECKING:
    from sut.edge.route import Route

CONNECT_SECONDS = 3.0
HELD_BYTES = 1 << 20
"""A direction that holds more than this stops reading until some of it is due."""


class Pipe:
    """One direction. Bytes without delay pass straight through; the rest waits its time in order.

    Delays do not add up: many chunks are under way at once, as on a long wire.
    """

    def __init__(self, route: Route, direction: Direction, ended: Callable[[], None]) -> None:
        self._route = route
        self._ended = ended
        self.finished = False
        self._direction = direction
        self._loop = asyncio.get_running_loop()
        self._held: deque[tuple[float, bytes | None]] = deque()
        self._held_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._paused = False
        self._full = False
        self.source: asyncio.Transport | None = None
        self.target: asyncio.Transport | None = None

    def feed(self, data: bytes | None) -> None:
        """Take bytes from the source; None is the end of the stream."""
        delay = self._route.delay(self._direction)
        if not self._held and not delay and self.target:
            self._pass(data)
            return
        self._held.append((self._loop.time() + delay, data))
        self._held_bytes += len(data or b"")
        self._regulate()
        if self.target and not self._timer:
            self._timer = self._loop.call_at(self._held[0][0], self._release)

    def attach(self, target: asyncio.Transport) -> None:
        """Name the transport that bytes go to, and send what is due already."""
        self.target = target
        self._release()

    def _release(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._held and self._held[0][0] <= now + 0.0005:
            _, data = self._held.popleft()
            self._held_bytes -= len(data or b"")
            self._pass(data)
        self._regulate()
        if self._held:
            self._timer = self._loop.call_at(self._held[0][0], self._release)

    def _pass(self, data: bytes | None) -> None:
        if self.target is None or self.target.is_closing():
            return
        if data is not None:
            self.target.write(data)
            return
        self.finished = True
        self.target.write_eof()
        self._ended()

    def pause(self, *, paused: bool) -> None:
        """Stop or go on reading because the target cannot, or again can, take more."""
        self._paused = paused
        self._regulate()

    def _regulate(self) -> None:
        full = self._paused or self._held_bytes > HELD_BYTES
        if full == self._full or self.source is None or self.source.is_closing():
            return
        self._full = full
        if full:
            self.source.pause_reading()
        else:
            self.source.resume_reading()

    def stop(self) -> None:
        """Forget what is held."""
        if self._timer:
            self._timer.cancel()
        self._held.clear()


class Link(asyncio.Protocol):
    """The client's side of a connection; makes the other side and joins the two."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._request = Pipe(route, "request", self._direction_ended)
        self._response = Pipe(route, "response", self._direction_ended)
        self._client: asyncio.Transport | None = None
        self._server: asyncio.Transport | None = None
        self._connecting: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client's connection and open one to the upstream."""
        client = cast("asyncio.Transport", transport)
        _no_delay(client)
        self._client = client
        self._route.links.add(self)
        self._request.source = client
        self._response.attach(client)
        self._connecting = asyncio.get_running_loop().create_task(self._connect())

    async def _connect(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                await loop.create_connection(
                    lambda: _ServerSide(self), self._route.host, self._route.port
                )
        except (OSError, TimeoutError):
            self.cut()

    def server_made(self, transport: asyncio.Transport) -> None:
        """Take the upstream's connection."""
        if self._client is None or self._client.is_closing():
            transport.abort()
            return
        _no_delay(transport)
        self._server = transport
        self._response.source = transport
        self._request.attach(transport)

    def data_received(self, data: bytes) -> None:
        """Send the client's bytes on their way."""
        self._request.feed(data)

    def server_data(self, data: bytes) -> None:
        """Send the upstream's bytes on their way."""
        self._response.feed(data)

    def eof_received(self) -> bool:
        """Pass on that the client has no more to say; it may still listen."""
        self._request.feed(None)
        return True

    def server_eof(self) -> bool:
        """Pass on that the upstream has no more to say."""
        self._response.feed(None)
        return True

    def _direction_ended(self) -> None:
        if not (self._request.finished and self._response.finished):
            return
        for transport in (self._client, self._server):
            if transport:
                transport.close()

    def pause_writing(self) -> None:
        """Have the upstream wait: the client reads slowly."""
        self._response.pause(paused=True)

    def resume_writing(self) -> None:
        """Have the upstream go on."""
        self._response.pause(paused=False)

    def server_pauses(self, *, paused: bool) -> None:
        """Have the client wait, or go on: the upstream reads slowly."""
        self._request.pause(paused=paused)

    def connection_lost(self, _: Exception | None) -> None:
        """End the other side too."""
        self.cut()

    def cut(self) -> None:
        """End both sides at once and drop what is held."""
        self._route.links.discard(self)
        for pipe in (self._request, self._response):
            pipe.stop()
        if self._connecting and self._connecting is not asyncio.current_task():
            self._connecting.cancel()
        for transport in (self._client, self._server):
            if transport and not transport.is_closing():
                transport.abort()


class _ServerSide(asyncio.Protocol):
    """The upstream's side of a connection."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._link.server_made(cast("asyncio.Transport", transport))

    def data_received(self, data: bytes) -> None:
        self._link.server_data(data)

    def eof_received(self) -> bool:
        return self._link.server_eof()

    def pause_writing(self) -> None:
        self._link.server_pauses(paused=True)

    def resume_writing(self) -> None:
        self._link.server_pauses(paused=False)

    def connection_lost(self, _: Exception | None) -> None:
        self._link.cut()


def _no_delay(transport: asyncio.Transport) -> None:
    raw = transport.get_extra_info("socket")
    if raw is not None:
        raw.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
