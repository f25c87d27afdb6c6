"""What a route does to the bytes that cross it."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

Direction = Literal["both", "request", "response"]


@dataclass(frozen=True)
class Latency:
    """Delays bytes by `seconds`, give or take up to `jitter` seconds; the order is kept."""

    seconds: float
    jitter: float = 0.0
    direction: Direction = "both"

    def delay(self, direction: Direction, chance: random.Random) -> float:
        """Return for how long bytes in this direction are held, in seconds."""
        if self.direction not in {"both", direction}:
            return 0.0
        if not self.jitter:
            return self.seconds
        return max(0.0, self.seconds + chance.uniform(-self.jitter, self.jitter))
