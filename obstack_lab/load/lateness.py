"""How punctual the generator is: late arrivals mean a busy machine, not a slow system."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

ON_TIME = 0.005
"""Seconds after the intended time that count as punctual."""


@dataclass(frozen=True)
class Punctuality:
    """Of the last seconds: medians and tails in seconds, None where nothing was due."""

    due: int
    p50: float | None
    p99: float | None
    worst: float | None
    on_time: float | None
    """Share of arrivals sent within 5 ms of their schedule."""


class Lateness:
    """Keeps how late each arrival of the last seconds was handed to the network."""

    def __init__(self, window: float = 10.0) -> None:
        self._window = window
        self._recent: deque[tuple[float, float]] = deque()

    def add(self, at: float, late: float) -> None:
        """Note an arrival that was `late` seconds late at the moment `at`."""
        self._recent.append((at, late))

    def snapshot(self, now: float) -> Punctuality:
        """Return the figures of the window that ends now."""
        while self._recent and self._recent[0][0] <= now - self._window:
            self._recent.popleft()
        late = sorted(late for _, late in self._recent)
        if not late:
            return Punctuality(0, None, None, None, None)
        count = len(late)
        return Punctuality(
            due=count,
            p50=late[count // 2],
            p99=late[min(count - 1, count * 99 // 100)],
            worst=late[-1],
            on_time=sum(value <= ON_TIME for value in late) / count,
        )
