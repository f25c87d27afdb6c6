"""A circuit breaker: no calls to a service for a while where too many of them went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from sut.window import Clock, Window

State = Literal["closed", "half-open", "open"]
PROBES = 3
"""Calls in a row, one at a time, that must go well until all are let through again."""


@dataclass(frozen=True)
class BreakerPolicy:
    """When a breaker opens and for how long; operators may hold it open or closed."""

    mode: Literal["auto", "open", "closed"]
    threshold: float
    """Share of calls that go wrong; 0: it never opens by itself."""
    min_calls: int
    window: float
    open_seconds: float


class Breaker:
    """Closed: all calls pass. Open: none does. Half-open: one at a time, to see how it goes."""

    def __init__(
        self,
        policy: Callable[[], BreakerPolicy],
        changed: Callable[[State], None],
        clock: Clock = time.monotonic,
    ) -> None:
        self._policy = policy
        self._changed = changed
        self._clock = clock
        self._window = Window(lambda: policy().window, clock)
        self._own: State = "closed"
        self._shown: State = "closed"
        self._since = 0
        """Number of the present state; what calls of an earlier one bring does not count."""
        self._closes_at = 0.0
        self._probing = False
        self._well = 0

    @property
    def state(self) -> State:
        """What it is now, whether by itself or held by an operator."""
        mode = self._policy().mode
        return self._own if mode == "auto" else mode

    def apply(self) -> None:
        """Take over a changed policy; one that an operator held begins anew."""
        if self._policy().mode != "auto":
            self._become("closed")
        self._show()

    def admit(self) -> int | None:
        """Return a ticket for one call, or None where it must not be made."""
        mode = self._policy().mode
        if mode != "auto":
            return self._since if mode == "closed" else None
        if self._own == "open" and self._clock() >= self._closes_at:
            self._become("half-open")
        if self._own == "open" or (self._own == "half-open" and self._probing):
            return None
        self._probing = self._own == "half-open"
        return self._since

    def record(self, ticket: int, *, well: bool) -> None:
        """Take how the call of a ticket went."""
        policy = self._policy()
        if ticket != self._since or policy.mode != "auto":
            return
        if self._own == "half-open":
            self._probing = False
            self._well += well
            if not well:
                self._become("open")
            elif self._well >= PROBES:
                self._become("closed")
            return
        self._window.note(marked=not well)
        calls, wrong = self._window.counts()
        if 0 < policy.threshold <= wrong / calls and calls >= policy.min_calls:
            self._become("open")

    def _become(self, state: State) -> None:
        self._own = state
        self._since += 1
        self._probing = False
        self._well = 0
        self._window.clear()
        self._closes_at = self._clock() + self._policy().open_seconds
        self._show()

    def _show(self) -> None:
        if self.state != self._shown:
            self._shown = self.state
            self._changed(self._shown)
