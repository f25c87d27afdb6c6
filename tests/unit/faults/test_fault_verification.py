"""Verification judges rightly: what shows holds, and everything that can go wrong is told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from obstack_lab.engine.interface import Engine, Stack
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.faults.catalogue import Fault, Signal, catalogue
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar
from obstack_lab.testing import MemoryEngine
from obstack_lab.verify.finding import Finding
from obstack_lab.verify.reading import largest
from obstack_lab.verify.release import newest_good
from obstack_lab.verify.trial import Time, Trial
from obstack_lab.verify.verifier import verify

FAULT = (
    catalogue()
    .get("slow-inventory")
    .model_copy(update={"signal": Signal(query="up", silent="< 1", shows="> 5")})
)


class FakeTime(Time):
    """Passes at once."""

    def __init__(self) -> None:
        self.now = 0.0
        super().__init__(clock=lambda: self.now, wall=lambda: 1e9 + self.now, pause=self._pass)

    def _pass(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Lever:
    """A driver whose fault is there or not; a test says how well it works."""

    id: str = "network"
    there: bool = False
    clears: bool = True
    stays: bool = True
    calls: list[str] = field(default_factory=list)

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return ()

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return ()

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        self.calls.append("inject")
        self.there = True
        return replace(injection), ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        self.calls.append("clear")
        self.there = self.there and not self.clears

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return self.there and self.stays


@dataclass
class Deaf(Lever):
    """A driver that does not get through some times when it clears."""

    deaf: int = 5

    def clear(self, engine: Engine, injection: Injection) -> None:
        if self.deaf:
            self.deaf -= 1
            raise EngineError("orders does not answer.")
        super().clear(engine, injection)


@dataclass
class FakeStage:
    """A lab whose signal is what a test says."""

    figure: Callable[[], float | None]
    engine: Engine = field(default_factory=MemoryEngine)
    renewed: int = 0
    prepared: list[tuple[str, int]] = field(default_factory=list)
    broken: bool = False

    def prepare(self, fault: Fault, seed: int) -> bool:
        self.prepared.append((fault.id, seed))
        if self.broken:
            raise EngineError("orders does not start.")
        return True

    def read(self, signal: Signal) -> float | None:
        return self.figure()

    def renew(self) -> None:
        self.renewed += 1


def attempt(lever: Lever, figure: Callable[[], float | None]) -> tuple[Finding, FakeStage]:
    stage = FakeStage(figure)
    return Trial(stage, FAULT, 7, {"network": lever}, FakeTime()).play(), stage


def test_a_fault_that_shows_and_goes_holds() -> None:
    lever = Lever()
    found, stage = attempt(lever, lambda: 9.0 if lever.there else 0.5)
    assert (found.holds, found.reason) == (True, "as it must be")
    assert (found.baseline, found.under, found.after) == (0.5, 9.0, 0.5)
    assert (found.residual_under, found.residual_after) == (True, False)
    assert (found.fault, found.row, found.seed) == ("slow-inventory", 48, 7)
    assert found.seconds_to_show is not None
    assert lever.calls == ["inject", "clear", "clear"]
    assert not stage.renewed


def test_the_figure_under_the_fault_is_the_worst_of_some_seconds() -> None:
    lever = Lever()
    figures = iter([6.0, 7.0, 42.0, 8.0, 6.0])
    found, _ = attempt(lever, lambda: next(figures, 6.0) if lever.there else 0.0)
    assert found.under == 42.0


@pytest.mark.parametrize(
    ("lever", "healthy", "faulty", "reason"),
    [
        (Lever(), 3.0, 9.0, "not silent"),
        (Lever(), None, 9.0, "not silent"),
        (Lever(), 0.0, 2.0, "did not show"),
        (Lever(stays=False), 0.0, 9.0, "gone with nobody acting"),
        (Lever(clears=False), 0.0, 9.0, "still there after clearing"),
    ],
)
def test_what_does_not_hold_is_told_and_the_next_lab_is_a_new_one(
    lever: Lever, healthy: float | None, faulty: float, reason: str
) -> None:
    found, stage = attempt(lever, lambda: faulty if lever.there else healthy)
    assert not found.holds
    assert reason in found.reason
    assert stage.renewed == 1


def test_what_only_sets_a_fault_off_may_be_over() -> None:
    cause, trigger = Lever(), Lever(id="rush", stays=False)
    part = FAULT.inject[0]
    off = part.model_copy(update={"driver": "rush", "cause": False})
    fault = FAULT.model_copy(update={"inject": (part, off)})
    stage = FakeStage(lambda: 9.0 if cause.there else 0.0)
    drivers = {"network": cause, "rush": trigger}
    found = Trial(stage, fault, 7, drivers, FakeTime()).play()
    assert found.holds, found.reason
    assert trigger.calls == ["inject", "clear", "clear"]


def test_a_system_that_does_not_listen_at_once_is_asked_again() -> None:
    lever = Deaf()
    found, _ = attempt(lever, lambda: 9.0 if lever.there else 0.0)
    assert found.holds, found.reason
    lever = Deaf(deaf=1000)
    found, stage = attempt(lever, lambda: 9.0 if lever.there else 0.0)
    assert (found.reason, stage.renewed) == ("orders does not answer.", 1)


def test_a_signal_that_stays_red_after_clearing_does_not_hold() -> None:
    lever = Lever()
    found, stage = attempt(lever, lambda: 9.0 if lever.calls else 0.0)
    assert "not silent again" in found.reason
    assert found.residual_after is False
    assert stage.renewed == 1


def test_one_reading_alone_is_chance() -> None:
    lever = Lever()
    blips = iter([9.0, 0.0] * 40)
    found, _ = attempt(lever, lambda: next(blips) if lever.there else 0.0)
    assert "did not show" in found.reason


def test_a_lab_that_does_not_start_is_a_finding() -> None:
    stage = FakeStage(lambda: 0.0, broken=True)
    found = Trial(stage, FAULT, 1, {"network": Lever()}, FakeTime()).play()
    assert (found.holds, found.reason) == (False, "orders does not start.")


def test_every_fault_is_tried_on_every_seed_and_told() -> None:
    lever = Lever()
    stage = FakeStage(lambda: 9.0 if lever.there else 0.0)
    other = FAULT.model_copy(update={"id": "other", "row": 51})
    told: list[tuple[str, int, bool]] = []
    found = verify(
        [stage],
        [FAULT, other],
        seeds=[1, 2],
        drivers={"network": lever},
        time=FakeTime(),
        tell=lambda fault, seed, finding: told.append((fault.id, seed, finding is not None)),
    )
    wanted = [("slow-inventory", 1), ("slow-inventory", 2), ("other", 1), ("other", 2)]
    assert [(each.fault, each.seed) for each in found] == wanted
    assert sorted(stage.prepared) == sorted(wanted)
    assert len(told) == 8


def test_nothing_found_is_zero_and_no_number_is_unknown() -> None:
    assert largest(()) == 0.0
    assert largest((float("nan"),)) is None
    assert largest((1.0, float("nan"), 3.0)) == 3.0


def test_a_lab_begins_with_good_releases() -> None:
    engine = MemoryEngine()
    services = {name for fault in catalogue().faults for name in fault.services}
    stack = Stack({name: newest_good(name) for name in sorted(services)})
    engine.start(stack, lambda _: None)
    assert stack.services["orders"] == "1.4.2"
