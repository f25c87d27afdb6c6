"""A loop whose time passes at once, ledger entries by hand, and a load to play with."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.scenario.model import Journey, Load, LoadPhase, Objective


class _InstantSelector(selectors.SelectSelector):
    """Never waits: a wait moves the loop's clock instead."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0

    def select(self, timeout: float | None = None) -> Any:
        if timeout:
            self.now += timeout
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._instant = _InstantSelector()
        super().__init__(self._instant)

    def time(self) -> float:
        return self._instant.now


@pytest.fixture
def play() -> Callable[[Coroutine[Any, Any, Any]], Any]:
    """Run a coroutine in a loop whose sleeps take no time."""

    def run(coroutine: Coroutine[Any, Any, Any]) -> Any:
        with asyncio.Runner(loop_factory=VirtualLoop) as runner:
            return runner.run(coroutine)

    return run


@pytest.fixture
def objective() -> Objective:
    return Objective(success_ratio=0.9, latency="500ms", patience="2s")


@pytest.fixture
def make_load() -> Callable[..., Load]:
    def make(*phases: LoadPhase, seed: int = 7, users: int = 40, steps: str = "buy") -> Load:
        journeys = {
            "buy": Journey(id="buy", weight=1, steps=("place-order", "read-order")),
            "look": Journey(id="look", weight=1, steps=("catalogue", "product")),
        }
        return Load(seed=seed, users=users, journeys=(journeys[steps],), phases=phases or (STEADY,))

    return make


STEADY = LoadPhase(rate=20)


@pytest.fixture
def entry() -> Callable[..., LedgerEntry]:
    """Make a ledger entry; `seq` counts by itself unless given."""
    count = iter(range(1, 1_000_000))

    def make(
        intended: float,
        outcome: Outcome = Outcome.GOOD,
        *,
        user: str = "u0001",
        latency: float = 0.1,
        seq: int | None = None,
    ) -> LedgerEntry:
        return LedgerEntry(
            seq=next(count) if seq is None else seq,
            user=user,
            journey="look",
            step="catalogue",
            method="GET",
            route="/catalogue",
            intended=intended,
            sent=intended,
            latency=latency,
            status=200,
            outcome=outcome,
        )

    return make
