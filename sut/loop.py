"""How late the event loop is: the first thing to suffer where a handler does not give way."""

from __future__ import annotations

import asyncio
from collections import deque

from prometheus_client import Gauge

EVERY_SECONDS = 0.1
REMEMBERED = 20
"""Ticks whose greatest lag is shown: two seconds, so that no scrape misses one."""


class LoopLag:
    """A timer that notes by how much it was late; part of every service."""

    def __init__(self, gauge: Gauge) -> None:
        self._gauge = gauge
        self._late: deque[float] = deque(maxlen=REMEMBERED)
        self._timer: asyncio.TimerHandle | None = None

    async def open(self) -> None:
        """Start the timer."""
        self._wind()

    async def apply(self) -> None:
        """Take over nothing: there is nothing to set."""

    async def ready(self) -> str:
        """Return `''`: a loop that answers is ready."""
        return ""

    async def close(self) -> None:
        """End the timer."""
        if self._timer:
            self._timer.cancel()

    def note(self, late: float) -> None:
        """Take the lag of one tick, in seconds."""
        self._late.append(max(0.0, late))
        self._gauge.set(max(self._late))

    def _wind(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(EVERY_SECONDS, self._tick, loop.time() + EVERY_SECONDS)

    def _tick(self, due: float) -> None:
        self.note(asyncio.get_running_loop().time() - due)
        self._wind()
