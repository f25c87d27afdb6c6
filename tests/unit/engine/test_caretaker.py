"""What the caretaker makes of answers to probes: the network and the clock are the test's."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor, Future
from typing import Any

import pytest

from obstack_lab.engine.embedded import caretaker as module
from obstack_lab.engine.embedded.caretaker import Caretaker, Ward
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Policy, Probe
from obstack_lab.engine.supervision import Supervisor

PROBE = Probe("/healthz", every=1, timeout=0.1, failures=2)


class Calm(Unit):
    """A process that runs until the test says otherwise."""

    def __init__(self) -> None:
        super().__init__("orders-1", "service", lambda: 0.0)
        self.component_name = "orders"
        self.number = 7
        self.start()

    @property
    def pid(self) -> int | None:
        return self.number

    def _begin(self) -> None:
        self.number += 1

    def _end(self) -> None:
        """Nothing runs."""

    def _ended(self) -> str | None:
        return None

    def _problem(self) -> str:
        return ""


class Family:
    """One unit, and what was done to it."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.started: list[Sequence[str]] = []
        self.balance: list[bool] = []

    def wards(self) -> Sequence[Ward]:
        return [Ward(self.unit, "orders", "services")]

    def start_again(self, names: Sequence[str]) -> None:
        self.started.append(names)
        self.unit.restart()

    def ready(self, instance: str, *, ready: bool) -> None:
        assert instance == "orders-1"
        self.balance.append(ready)


class Inline(Executor):
    """Asks at once."""

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


class Stage:
    """A caretaker that looks when the test says so, once a second."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.good = True
        self.family = Family(Calm())
        self.supervisor = Supervisor(lambda: self.now)
        self.caretaker = Caretaker(self.family, self.supervisor)
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(module, "_answers", lambda *_: self.good)

    def looks(self, times: int) -> None:
        for _ in range(times):
            self.caretaker._look(Inline())  # type: ignore[arg-type]  # an executor is enough
            for thread in self.caretaker._orders:
                thread.join(10)
            self.now += 1


@pytest.fixture
def stage(monkeypatch: pytest.MonkeyPatch) -> Stage:
    return Stage(monkeypatch)


def test_one_that_answers_is_left_alone(stage: Stage) -> None:
    stage.supervisor.supervise("orders", Policy("always", backoff=0, liveness=PROBE))
    stage.looks(20)
    assert stage.family.started == []


def test_so_many_failures_restart_it_and_its_successor_has_a_clean_record(stage: Stage) -> None:
    stage.supervisor.supervise("orders", Policy("on_failure", backoff=0, liveness=PROBE))
    stage.good = False
    stage.looks(4)
    assert stage.family.started == [("orders-1",)]
    stage.looks(2)
    assert len(stage.family.started) == 1, "a new process is asked anew"
    stage.good = True
    stage.looks(10)
    assert len(stage.family.started) == 1


def test_a_failing_liveness_probe_restarts_nobody_who_is_never_restarted(stage: Stage) -> None:
    stage.supervisor.supervise("orders", Policy("never", liveness=PROBE))
    stage.good = False
    stage.looks(10)
    assert stage.family.started == []


def test_one_that_is_not_ready_is_out_of_the_balance_until_it_is(stage: Stage) -> None:
    stage.supervisor.supervise("orders", Policy(readiness=PROBE))
    stage.good = False
    stage.looks(6)
    assert stage.family.balance == [False]
    stage.good = True
    stage.looks(3)
    assert stage.family.balance == [False, True]
    assert stage.family.started == []


@pytest.mark.parametrize(
    "policy", [Policy(), Policy(readiness=Probe("/healthz", every=1, timeout=0.1, failures=50))]
)
def test_a_probe_that_is_taken_back_gives_the_requests_back(stage: Stage, policy: Policy) -> None:
    stage.supervisor.supervise("orders", Policy(readiness=PROBE))
    stage.good = False
    stage.looks(6)
    stage.supervisor.supervise("orders", policy)
    stage.looks(2)
    assert stage.family.balance == [False, True]
