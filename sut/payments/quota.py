"""The quota of a minute: so many requests, then none until the next minute begins."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from sut.errors import QuotaSpent
from sut.window import Clock

MINUTE = 60.0


class Quota:
    """Counts requests of the present minute; how many there may be can change meanwhile."""

    def __init__(self, most: Callable[[], int], clock: Clock = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._began = clock()
        self._used = 0

    @property
    def remaining(self) -> int:
        """Requests that are left in this minute."""
        self._turn()
        return max(0, self._most() - self._used)

    def spend(self) -> None:
        """Count a request. Raise QuotaSpent where none is left."""
        if not self.remaining:
            raise QuotaSpent(math.ceil(self._began + MINUTE - self._clock()))
        self._used += 1

    def _turn(self) -> None:
        minutes = (self._clock() - self._began) // MINUTE
        if minutes:
            self._began += minutes * MINUTE
            self._used = 0
