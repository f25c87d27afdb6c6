"""A connection that carries HTTP/1.1: each request can go to another server.

The client keeps its connection meanwhile, and so does each server. As long as the route has one
server and no toxic that is about requests, nothing is parsed: bytes pass as on any other route.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import httptools

from sut.edge.exchange import Exchange, Refusal, request_line
from sut.edge.link import Link
from sut.edge.server import ServerSide
from sut.edge.stage import Mark

if TYPE_CHECKING:
    from sut.edge.route import Route


class HttpLink(Link):
    """Tells where a request begins, and whether anybody still waits for an answer."""

    def __init__(self, route: Route) -> None:
        super().__init__(route)
        self._servers: dict[str, ServerSide] = {}
        self._answered = True
        self._exchange: Exchange | None = None
        self._refusal: Refusal | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the client's connection; where there is a choice the first request makes it."""
        self._take(cast("asyncio.Transport", transport))
        if not self._route.reads_http:
            self._connect(self._route.balance.pick())

    def data_received(self, data: bytes) -> None:
        """Send the client's bytes on their way, or answer them here."""
        if self._refusal:
            self._refuse(self._refusal, data)
            return
        if self._answered:
            self._answered = False
            self._exchange = None
            method, path = "", ""
            if self._route.reads_http or not self._has_server:
                method, path = request_line(data)
            if method:
                self._path = path
                data = self._begin(method, data)
            elif not self._has_server:
                self._connect(self._route.balance.pick())
        if data:
            self._up.feed(data)

    def eof_received(self) -> bool:
        """Pass on that the client has no more to say, if there is anybody to say it to."""
        return self._has_server and super().eof_received()

    def server_made(self, side: ServerSide) -> None:
        self._servers[side.address] = side
        super().server_made(side)

    def server_data(self, side: ServerSide, data: bytes) -> None:
        if side is not self._server:
            return
        exchange = self._exchange
        if exchange is None:
            self._answered = True
        else:
            data = exchange.passed(data)
            self._answered = not exchange.is_open
        if data:
            self._down.feed(data)
        if self._is_idle and not self._route.balance.serves(side.address):
            self._let_go(side)

    def server_eof(self, side: ServerSide) -> bool:
        if side is self._server and not self._is_idle:
            return super().server_eof(side)
        self._let_go(side)
        return False

    def server_pauses(self, side: ServerSide, *, paused: bool) -> None:
        if side is self._server:
            super().server_pauses(side, paused=paused)

    def server_lost(self, side: ServerSide) -> None:
        if side is self._server and not self._is_idle:
            super().server_lost(side)
        else:
            self._let_go(side)

    def settle(self) -> None:
        """Let go of servers that get no share any more, unless the client waits for an answer."""
        for side in list(self._servers.values()):
            waited_for = side is self._server and not self._is_idle
            if not waited_for and not self._route.balance.serves(side.address):
                self._let_go(side)

    # --- inside ---

    @property
    def _has_server(self) -> bool:
        return self._server is not None or self._connecting is not None

    @property
    def _is_idle(self) -> bool:
        """Whether the last answer is known to be whole."""
        return self._exchange is not None and self._exchange.is_complete

    def _begin(self, method: str, data: bytes) -> bytes:
        """Decide who answers a request; return what is sent of it."""
        fate = self._route.fate()
        if fate.status:
            self._refusal = Refusal(fate.status)
            self._refuse(self._refusal, data)
            return b""
        self._exchange = Exchange(method, fate.answer)
        for tamper in fate.request:
            data = tamper.request(data)
        if self._connecting is None:
            self._turn_to(self._route.balance.pick(path=self._path))
        return data

    def _refuse(self, refusal: Refusal, data: bytes) -> None:
        try:
            answer = refusal.answer(data)
        except httptools.HttpParserError:
            self.cut()
            return
        if answer:
            self._refusal = None
            self._answered = True
            self._down.feed(answer)
            if not refusal.keeps_alive:
                self._down.feed(Mark.CLOSE)

    def _turn_to(self, address: str | None) -> None:
        before, side = self._server, self._servers.get(address or "")
        if side is None:
            self._join(None)
            self._connect(address)
        elif side is not before:
            self._join(side)
        if before and not self._route.balance.serves(before.address):
            self._let_go(before)

    def _let_go(self, side: ServerSide) -> None:
        self._servers.pop(side.address, None)
        if side is self._server:
            self._join(None)
        side.transport.close()

    def _transports(self) -> list[asyncio.Transport]:
        kept = [side.transport for side in self._servers.values() if side is not self._server]
        return [*kept, *super()._transports()]
