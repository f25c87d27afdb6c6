"""The states of a component, with a process that obeys the test."""

from __future__ import annotations

import pytest

from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.errors import EngineError


class Obedient(Unit):
    def __init__(self) -> None:
        self.now = 100.0
        super().__init__("orders", "service", lambda: self.now)
        self.how_ended: str | None = "was never started"
        self.problem = ""
        self.fails = False

    @property
    def pid(self) -> int | None:
        return 7 if self.how_ended is None else None

    def _begin(self) -> None:
        if self.fails:
            raise EngineError("orders ended with exit code 2 while starting.", component="orders")
        self.how_ended = None

    def _end(self) -> None:
        self.how_ended = "ended with exit code 0"

    def _ended(self) -> str | None:
        return self.how_ended

    def _problem(self) -> str:
        return self.problem


@pytest.fixture
def unit() -> Obedient:
    unit = Obedient()
    unit.start()
    return unit


def test_a_started_component_is_healthy(unit: Obedient) -> None:
    component = unit.component()
    assert (component.state, component.pid, component.restarts) == ("healthy", 7, 0)


def test_starting_what_runs_changes_nothing(unit: Obedient) -> None:
    unit.start()
    assert unit.component().restarts == 0


def test_one_that_dies_is_failed_with_the_reason_and_stays_so(unit: Obedient) -> None:
    unit.how_ended = "killed by SIGKILL"
    unit.now = 105.0
    unit.check()
    unit.check()
    component = unit.component()
    assert (component.state, component.detail) == ("failed", "killed by SIGKILL")
    assert (component.pid, component.since, component.restarts) == (None, 105.0, 0)


def test_one_that_cannot_serve_is_unhealthy_until_it_can(unit: Obedient) -> None:
    unit.problem = "does not answer"
    unit.check()
    assert (unit.state, unit.component().detail) == ("unhealthy", "does not answer")
    unit.problem = ""
    unit.check()
    assert (unit.state, unit.component().detail) == ("healthy", "")


def test_a_healthy_one_is_asked_at_every_other_look_and_any_other_at_each(unit: Obedient) -> None:
    unit.problem = "does not answer"
    states = []
    for _ in range(2):
        unit.look()
        states.append(unit.state)
    assert states == ["healthy", "unhealthy"]
    unit.problem = ""
    unit.look()
    assert unit.state == "healthy"
    unit.how_ended = "killed by SIGKILL"
    unit.look()
    assert unit.state == "failed", "that it runs is looked at each time"


def test_a_restart_is_counted(unit: Obedient) -> None:
    unit.restart()
    unit.how_ended = "killed by SIGKILL"
    unit.check()
    unit.restart()
    assert (unit.state, unit.component().restarts) == ("healthy", 2)


def test_one_that_was_stopped_is_not_called_failed(unit: Obedient) -> None:
    unit.stop()
    unit.check()
    assert (unit.state, unit.component().detail) == ("stopped", "")


def test_a_start_that_fails_says_why(unit: Obedient) -> None:
    unit.stop()
    unit.fails = True
    with pytest.raises(EngineError):
        unit.start()
    unit.check()
    assert unit.state == "failed"
    assert "exit code 2 while starting" in unit.component().detail


def test_a_probe_from_before_a_restart_does_not_count(unit: Obedient) -> None:
    def restarted_meanwhile() -> str:
        unit._problem = lambda: ""  # type: ignore[method-assign] # the second probe is well
        unit.restart()
        return "does not answer"

    unit._problem = restarted_meanwhile  # type: ignore[method-assign] # the probe that hangs
    unit.check()
    assert unit.state == "healthy"
