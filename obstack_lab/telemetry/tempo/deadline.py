"""How long a query may take."""

from __future__ import annotations

import time
from collections.abc import Callable


class QueryTimeout(Exception):
    """A query took longer than it may; ask for less time or fewer spans (HTTP 504)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"the query took longer than {seconds:g} s; narrow its time range or filter"
        )


class Deadline:
    """Checked between pages of work; the clock is monotonic seconds."""

    def __init__(self, seconds: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds

    def check(self) -> None:
        """Raise QueryTimeout when the time is over."""
        if self._clock() > self._ends:
            raise QueryTimeout(self.seconds)
