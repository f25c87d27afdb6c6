"""A limit on how much is done at once, whose size changes while it is used."""

from __future__ import annotations

import asyncio
from collections import deque


class Slots:
    """A semaphore whose size changes while it is used."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken = 0
        self._queue: deque[asyncio.Future[None]] = deque()

    @property
    def size(self) -> int:
        """How many there are."""
        return self._size

    @property
    def taken(self) -> int:
        """How many are in use."""
        return self._taken

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return len(self._queue)

    def resize(self, size: int) -> None:
        """Take over a new size; those that wait move up where there is room now."""
        self._size = size
        self._wake()

    async def take(self) -> None:
        """Wait for a turn: first come, first served."""
        if self._taken < self._size and not self._queue:
            self._taken += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn in self._queue:
                self._queue.remove(turn)
            elif turn.done() and not turn.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        """Return what was taken."""
        self._taken -= 1
        self._wake()

    def _wake(self) -> None:
        while self._queue and self._taken < self._size:
            turn = self._queue.popleft()
            if not turn.done():
                self._taken += 1
                turn.set_result(None)
