"""A scenario ships when it is certified, and certify can say no."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest
from certify_stage import MemoryStage

from obstack_lab.certify.certificate import Certificate
from obstack_lab.certify.certifier import PLAYS, certify, too_busy
from obstack_lab.certify.modes import chosen, modes
from obstack_lab.engine.interface import Engine
from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scenario

Edit = Callable[[dict[str, Any]], None]
Change = Callable[[Edit], None]


class Disabled:
    """The release driver with its mechanism taken out."""

    id = "release"

    def problems(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        return ()

    def works_on(self, params: Mapping[str, Any]) -> tuple[str, ...]:
        return ()

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        return

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return False


@pytest.fixture
def drivers(request: pytest.FixtureRequest) -> Mapping[str, FaultDriver]:
    return getattr(request, "param", DRIVERS)


def scenario_of(stage: MemoryStage) -> Scenario:
    return stage.lab.orchestrator.library.get("pages-stall").scenario


def proved(stage: MemoryStage, *names: str, seeds: tuple[int, ...] = (7,)) -> Certificate:
    scenario = scenario_of(stage)

    def wanted(seed: int) -> Any:
        found = modes(scenario, seed=seed)
        return chosen(found, names) if names else found

    return certify([stage], scenario, wanted, seeds=seeds)


def failures(certificate: Certificate) -> dict[str, str]:
    return {
        name: judgement.reason
        for name, judgements in certificate.modes.items()
        for judgement in judgements
        if judgement.verdict == "fail"
    }


def test_a_scenario_that_works_is_certified_in_every_mode(stage: MemoryStage) -> None:
    certificate = proved(stage)
    assert failures(certificate) == {}
    assert certificate.certified
    assert set(certificate.modes) == {
        "healthy",
        "no_action",
        "reference",
        "alternative:larger-pool",
        "cheat:stop-the-load",
        "cheat:scale-to-zero",
        "cheat:restart-everything",
        "cheat:break-the-scrape",
        "cheat:stop-postgres",
    }


def test_every_seed_is_judged(stage: MemoryStage) -> None:
    certificate = proved(stage, "no_action", seeds=(7, 8, 9))
    assert certificate.seeds == (7, 8, 9)
    assert len(certificate.modes["no_action"]) == 3


def test_figures_say_when_users_suffered_and_when_they_were_well(stage: MemoryStage) -> None:
    figures = proved(stage, "reference").modes["reference"][0].figures
    assert figures.seconds_to_red == 3
    assert figures.seconds_to_alert == 10
    assert figures.phase == "resolved"
    assert figures.steps == ("rollback: orders: 1.5.0 → 1.4.2",)
    assert figures.seconds_to_green is not None
    assert 40 <= figures.seconds_to_green <= 55


@pytest.mark.parametrize("drivers", [{**DRIVERS, "release": Disabled()}], indirect=True)
def test_a_fault_that_does_nothing_is_not_certified(stage: MemoryStage) -> None:
    certificate = proved(stage, "no_action", "reference")
    assert not certificate.certified
    assert failures(certificate) == {
        "no_action": "users did not suffer: no criterion failed",
        "reference": "users did not suffer before it: no criterion failed",
    }


def test_a_reference_solution_that_does_nothing_is_not_certified(
    stage: MemoryStage, change_scenario: Change
) -> None:
    def empty(data: dict[str, Any]) -> None:
        step = {"at": "40s", "action": "set_config"}
        step["params"] = {"service": "orders", "log_level": "info"}
        data["solutions"]["reference"]["steps"] = [step]

    change_scenario(empty)
    certificate = proved(stage, "reference")
    assert failures(certificate) == {"reference": "it did not turn green before the gate of 90 s"}


def test_a_criterion_that_is_too_lax_is_not_certified(
    stage: MemoryStage, change_scenario: Change
) -> None:
    def relax(data: dict[str, Any]) -> None:
        data["criteria"][0]["target"] = ">= 0.1"

    change_scenario(relax)
    assert set(failures(proved(stage, "no_action", "reference"))) == {"no_action", "reference"}


def test_a_mitigation_that_is_sold_as_a_resolution_is_not_certified(
    stage: MemoryStage, change_scenario: Change
) -> None:
    def oversell(data: dict[str, Any]) -> None:
        data["solutions"]["alternatives"]["larger-pool"]["resolves"] = True

    change_scenario(oversell)
    assert "alternative:larger-pool" in failures(proved(stage, "alternative"))


def test_a_resolution_that_is_declared_a_mitigation_is_not_certified(
    stage: MemoryStage, change_scenario: Change
) -> None:
    def undersell(data: dict[str, Any]) -> None:
        step = {"at": "40s", "action": "rollback", "params": {"service": "orders"}}
        data["solutions"]["alternatives"]["larger-pool"]["steps"] = [step]

    change_scenario(undersell)
    assert "the cause is gone" in failures(proved(stage, "alternative"))["alternative:larger-pool"]


def test_an_alert_that_stays_silent_is_not_certified(stage: MemoryStage) -> None:
    stage.physics.alert_names = ("SomethingElse",)
    assert failures(proved(stage, "no_action")) == {
        "no_action": "alerts stayed silent: ServiceFailing"
    }


def test_a_cheat_that_is_a_fix_is_found_out(stage: MemoryStage, change_scenario: Change) -> None:
    def cheat(data: dict[str, Any]) -> None:
        step = {"at": "40s", "action": "rollback", "params": {"service": "orders"}}
        data["cheats"] = {"real-fix": {"title": "Not a cheat", "steps": [step]}}

    change_scenario(cheat)
    assert failures(proved(stage, "cheat:real-fix")) == {
        "cheat:real-fix": "the cheat passed: every criterion held"
    }


def test_a_healthy_system_whose_criteria_never_pass_is_not_certified(
    stage: MemoryStage, change_scenario: Change
) -> None:
    def impossible(data: dict[str, Any]) -> None:
        data["criteria"][0]["target"] = ">= 1.1"

    change_scenario(impossible)
    assert "did not satisfy its criteria" in failures(proved(stage, "healthy"))["healthy"]


def test_the_lab_is_started_afresh_after_a_mode_that_breaks_components(stage: MemoryStage) -> None:
    proved(stage, "cheat:stop-postgres", "no_action")
    assert stage.cleared == 1


def test_a_play_on_a_busy_machine_is_played_again(stage: MemoryStage) -> None:
    stage.busy_for = 1
    certificate = proved(stage, "no_action")
    assert certificate.certified
    assert not too_busy(certificate)


def test_a_machine_that_stays_busy_is_named_in_the_end(stage: MemoryStage) -> None:
    stage.busy_for = 10
    certificate = proved(stage, "no_action")
    assert too_busy(certificate)
    assert stage.busy_for == 10 - PLAYS


def test_an_unknown_mode_is_refused_with_the_known_ones(stage: MemoryStage) -> None:
    with pytest.raises(UnknownName, match="reference"):
        proved(stage, "refrence")
