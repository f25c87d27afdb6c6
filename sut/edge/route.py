"""A route: a listening port, where it leads, and the toxics on it."""

from __future__ import annotations

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

from sut.edge.link import Link
from sut.edge.toxic import Direction, Latency


@dataclass(eq=False)
class Route:
    """One edge between two components; toxics act at once, on open connections too."""

    name: str
    host: str
    port: int
    standing: Latency | None = None
    toxics: dict[str, Latency] = field(default_factory=dict)
    listen: int = 0
    links: set[Link] = field(default_factory=set)
    chance: random.Random = field(default_factory=random.Random)
    _server: asyncio.Server | None = None

    def delay(self, direction: Direction) -> float:
        """Return for how long the next bytes in this direction are held, in seconds."""
        seconds = self.standing.delay(direction, self.chance) if self.standing else 0.0
        for toxic in self.toxics.values():
            seconds += toxic.delay(direction, self.chance)
        return seconds

    async def open(self, port: int) -> None:
        """Listen on a port of the loopback; 0 takes a free one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: Link(self), "127.0.0.1", port, backlog=256, reuse_address=True
        )
        self.listen = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening and cut every connection."""
        if self._server:
            self._server.close()
        for link in list(self.links):
            link.cut()
        if self._server:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._server.wait_closed()

    def view(self) -> dict[str, object]:
        """Return what the control line shows of it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": f"{self.host}:{self.port}",
            "connections": len(self.links),
            "toxics": sorted(self.toxics),
        }
