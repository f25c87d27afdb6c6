"""A route: a listening port, where it leads, and the toxics on it."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
from collections.abc import Mapping
from dataclasses import dataclass

from sut.edge.balance import Balance
from sut.edge.http_link import HttpLink
from sut.edge.link import Link
from sut.edge.tamper import Tamper
from sut.edge.toxic import DOWN, HTTP_ERROR, HTTP_TAMPER, Toxic

BACKLOG = 256
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class Fate:
    """What is done to one request: the status it gets without a server, 0 for none; changes."""

    status: int = 0
    request: tuple[Tamper, ...] = ()
    answer: tuple[Tamper, ...] = ()


class Route:
    """One way between two components; what is put on it acts at once, on open connections too.

    `standing` is what belongs to the way itself: no command takes it off.
    """

    def __init__(
        self, name: str, *, http: bool, chance: random.Random, host: str = LOOPBACK
    ) -> None:
        self.name = name
        self.host = host
        self.http = http
        self.chance = chance
        self.balance = Balance()
        self.links: set[Link] = set()
        self.toxics: dict[str, Toxic] = {}
        self.standing: dict[str, Toxic] = {}
        self.reads_http = False
        self.listen = 0
        self._anchor: socket.socket | None = None
        self._server: asyncio.Server | None = None

    async def open(self, port: int) -> None:
        """Take a port of the host's (0: a free one) and listen on it."""
        self._anchor = _bound(self.host, port)
        self.listen = self._anchor.getsockname()[1]
        await self._listen()

    async def close(self) -> None:
        """Stop listening, cut every connection and give the port back."""
        server = self._refuse_all()
        if self._anchor:
            self._anchor.close()
        if server:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await server.wait_closed()

    def lead(self, weights: Mapping[str, float], paths: Mapping[str, str] | None = None) -> None:
        """Lead to these addresses (`HOST:PORT`) by weight, each below its path; to no others."""
        self.balance.lead(weights, paths)
        self._choose()
        for link in list(self.links):
            link.settle()

    async def put(self, name: str, toxic: Toxic) -> None:
        """Put a toxic on, in the place of the one of that name; the same one changes nothing."""
        if self.toxics.get(name) != toxic:
            toxic.need_http(http=self.http)
            self.toxics[name] = toxic
            await self._act(name, toxic)

    async def take(self, name: str) -> None:
        """Take a toxic off, if it is there."""
        if self.toxics.pop(name, None):
            await self._act(name, None)

    async def stand(self, standing: dict[str, Toxic]) -> None:
        """Have these be on for good, in the place of those before."""
        before, self.standing = self.standing, standing
        for name in {**before, **standing}:
            if before.get(name) != standing.get(name):
                await self._act(name, standing.get(name))

    def worn(self) -> dict[str, Toxic]:
        """Return all that a new connection is under."""
        return {**self.standing, **self.toxics}

    def fate(self) -> Fate:
        """Decide what is done to the next request."""
        status, request, answer = 0, list[Tamper](), list[Tamper]()
        for toxic in self.toxics.values():
            if toxic.type in {HTTP_ERROR, HTTP_TAMPER} and self.hits(toxic):
                if toxic.type == HTTP_ERROR:
                    status = status or int(toxic.amount("status"))
                else:
                    which = request if toxic.stream == "upstream" else answer
                    which.append(Tamper(toxic.name("header"), toxic.name("field")))
        return Fate(status, tuple(request), tuple(answer))

    def hits(self, toxic: Toxic) -> bool:
        """Decide whether a toxic is on the next connection, or request."""
        return self.chance.random() < toxic.toxicity

    def view(self) -> dict[str, object]:
        """Return what the control line shows of it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstreams": dict(self.balance.weights),
            "connections": len(self.links),
            "toxics": {name: toxic.view() for name, toxic in self.toxics.items()},
        }

    async def _act(self, name: str, toxic: Toxic | None) -> None:
        self._choose()
        if any(each.type == DOWN for each in self.toxics.values()):
            self._refuse_all()
        elif self._server is None:
            await self._listen()
        for link in list(self.links):
            link.put(name, toxic)

    def _choose(self) -> None:
        """Read HTTP where there is a choice to make at each request."""
        about_requests = any(t.type in {HTTP_ERROR, HTTP_TAMPER} for t in self.toxics.values())
        self.reads_http = self.http and (about_requests or len(self.balance.weights) > 1)

    async def _listen(self) -> None:
        loop, kind = asyncio.get_running_loop(), HttpLink if self.http else Link
        self._server = await loop.create_server(
            lambda: kind(self), sock=_bound(self.host, self.listen), backlog=BACKLOG
        )

    def _refuse_all(self) -> asyncio.Server | None:
        """Stop listening, while the port stays ours, and cut every connection."""
        server, self._server = self._server, None
        if server:
            server.close()
        for link in list(self.links):
            link.cut()
        return server


def _bound(host: str, port: int) -> socket.socket:
    """Return a socket with this port, which several of ours may have; one of them listens."""
    taken = socket.socket()
    try:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        taken.bind((host, port))
    except (OSError, OverflowError):
        taken.close()
        raise
    return taken
