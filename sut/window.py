"""Counting what happened in the last seconds, and how much of it stood out."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable

Clock = Callable[[], float]


class Window:
    """Events of the last seconds; some of them are marked. The length may change meanwhile."""

    def __init__(self, seconds: Callable[[], float], clock: Clock = time.monotonic) -> None:
        self._seconds = seconds
        self._clock = clock
        self._events: deque[tuple[float, bool]] = deque()
        self._marked = 0

    def note(self, *, marked: bool) -> None:
        """Count one event."""
        self._forget()
        self._events.append((self._clock(), marked))
        self._marked += marked

    def counts(self) -> tuple[int, int]:
        """Return how many events there were, and how many of them were marked."""
        self._forget()
        return len(self._events), self._marked

    def clear(self) -> None:
        """Begin anew."""
        self._events.clear()
        self._marked = 0

    def _forget(self) -> None:
        oldest = self._clock() - self._seconds()
        while self._events and self._events[0][0] < oldest:
            self._marked -= self._events.popleft()[1]
