"""A token bucket: so many requests a second, and a few at once."""

from __future__ import annotations

import math
import time

from sut.window import Clock


class Bucket:
    """Tokens come at a rate and are kept up to a number; rate and number may change meanwhile."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._tokens = math.inf
        self._filled = clock()

    def take(self, rate: float, most: float) -> float:
        """Take a token: return 0, or the seconds until there is one again."""
        now = self._clock()
        kept = max(1.0, most)
        self._tokens = min(kept, self._tokens + (now - self._filled) * rate)
        self._filled = now
        if self._tokens >= 1:
            self._tokens -= 1
            return 0.0
        return (1 - self._tokens) / rate
