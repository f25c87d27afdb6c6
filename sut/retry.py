"""Asking again: how often, after which pause, and how much of it altogether."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from sut.window import Clock, Window

BUDGET_SECONDS = 10.0
LONGEST_PAUSE = 2.0
IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE", "OPTIONS"})
"""Methods that do no harm when the first attempt had arrived after all."""
STATUSES = frozenset({502, 503, 504})
"""Answers after which another attempt may go better."""


@dataclass(frozen=True)
class RetryPolicy:
    """What a caller does where an attempt brings nothing."""

    attempts: int
    timeout: float
    """Seconds for all attempts together."""
    attempt_timeout: float
    """Seconds for one attempt; 0: what is left of the whole."""
    backoff: float
    writes: bool

    def patience(self, left: float) -> float:
        """Return how long the next attempt may take where so much of the whole is left."""
        return min(left, self.attempt_timeout) if self.attempt_timeout else left

    def covers(self, method: str) -> bool:
        """Return whether requests of this method are sent again."""
        return self.writes or method in IDEMPOTENT


class RetryBudget:
    """Keeps retries a share of the requests, so that they do not bury what is down already."""

    def __init__(self, share: Callable[[], float], clock: Clock = time.monotonic) -> None:
        self._share = share
        self._window = Window(lambda: BUDGET_SECONDS, clock)

    def request(self) -> None:
        """Count a request."""
        self._window.note(marked=False)

    def spend(self) -> bool:
        """Return whether one more retry is within the budget, and count it where it is."""
        total, retries = self._window.counts()
        share = self._share()
        if not share or retries + 1 > max(1.0, share * (total - retries)):
            return False
        self._window.note(marked=True)
        return True


def backoff(policy: RetryPolicy, attempt: int, chance: random.Random) -> float:
    """Return the pause after an attempt, in seconds: doubled each time, anything below it."""
    return chance.uniform(0.0, min(LONGEST_PAUSE, policy.backoff * 2.0 ** (attempt - 1)))


async def pause(seconds: float) -> None:
    """Let this time pass."""
    over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    timer = asyncio.get_running_loop().call_later(seconds, over.set_result, None)
    try:
        await over
    finally:
        timer.cancel()
