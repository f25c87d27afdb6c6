"""A run's phases: what begins, what is mitigated, what is resolved, and what is lost again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from orchestrator_stage import Lab

from obstack_lab.errors import EngineError, UnknownName, WrongPhase
from obstack_lab.orchestrator.play import Play
from obstack_lab.orchestrator.views import ActionRequest, RunRequest
from obstack_lab.review.journal import FaultEntry, HintEntry, MessageEntry, PhaseEntry

Edit = Callable[[Callable[[dict[str, Any]], None]], None]


def fix(play: Play, action: str, **params: Any) -> None:
    assert play.act(ActionRequest(action=action, params={"service": "orders", **params})).ok


def phases(play: Play) -> list[str]:
    return [entry.phase for entry in play.journal.all() if isinstance(entry, PhaseEntry)]


def test_a_run_begins_with_a_healthy_baseline(lab: Lab) -> None:
    play = lab.begin()
    assert play.run.phase == "baseline"
    assert phases(play) == ["ready", "baseline"]
    assert [c["op"] for c in lab.engine.pipe.commands] == ["ledger", "start"]
    assert lab.engine.pipe.commands[1]["load"]["seed"] == 7


def test_nothing_of_the_timeline_happens_before_the_start(lab: Lab) -> None:
    play = lab.begin()
    lab.pass_time(120)
    assert lab.engine.releases("orders") == ("1.4.2",)
    assert play.run.phase == "baseline"


def test_a_second_start_changes_nothing(lab: Lab) -> None:
    play = lab.start()
    began = play.run.started_at
    lab.pass_time(5)
    assert play.start().started_at == began
    assert phases(play).count("incident") == 1


def test_the_fault_is_a_deploy_in_the_change_log(lab: Lab) -> None:
    lab.start()
    (change,) = lab.orchestrator.snapshot().changes
    assert (change.sender, change.text) == ("deploy-bot", "orders: deploy 1.4.2 → 1.5.0")


def test_the_users_and_the_people_follow_the_timeline(lab: Lab) -> None:
    play = lab.start()
    lab.pass_time(20)
    assert lab.engine.pipe.commands[-1]["op"] == "phase"
    assert not [e for e in play.journal.all() if isinstance(e, MessageEntry)]
    lab.pass_time(10)
    assert [e.text for e in play.journal.all() if isinstance(e, MessageEntry)] == [
        "Customers call."
    ]


@pytest.mark.parametrize(("condition", "said"), [((1.0,), 1), ((0.0,), 0), ((), 0)])
def test_people_complain_as_long_as_their_condition_holds(
    lab: Lab, change_scenario: Edit, condition: tuple[float, ...], said: int
) -> None:
    def edit(data: dict[str, Any]) -> None:
        (message,) = (e["message"] for e in data["timeline"] if "message" in e)
        message["when"] = "the_condition"

    change_scenario(edit)
    play = lab.start()
    lab.metrics.condition = condition
    lab.pass_time(30)
    lab.metrics.condition = (1.0,)
    lab.pass_time(10)
    messages = [e for e in play.journal.all() if isinstance(e, MessageEntry)]
    assert len(messages) == said, "once, at its moment, or never"


def test_passing_criteria_just_after_the_start_mitigate_nothing(lab: Lab) -> None:
    play = lab.begin()
    play.start()
    lab.pass_time(20)
    assert play.run.phase == "incident"


def test_the_reference_fix_mitigates_and_resolves(lab: Lab) -> None:
    play = lab.start()
    fix(play, "rollback")
    lab.metrics.success = (1.0,)
    lab.pass_time(5)
    assert play.run.phase == "incident"
    lab.pass_time(10)
    assert play.run.phase == "resolved"
    assert play.run.mitigated_at == play.run.resolved_at
    assert play.finish().outcome == "resolved"


def test_masked_is_not_fixed(lab: Lab) -> None:
    play = lab.start()
    fix(play, "set_config", db_pool_size=20)
    lab.metrics.success = (1.0,)
    lab.pass_time(60)
    assert play.run.phase == "mitigated"
    assert play.run.resolved_at is None
    assert play.finish().outcome == "mitigated"


def test_mitigation_is_lost_when_users_suffer_again(lab: Lab) -> None:
    play = lab.start()
    fix(play, "set_config", db_pool_size=20)
    lab.metrics.success = (1.0,)
    lab.pass_time(15)
    assert play.run.mitigated_at is not None
    lab.metrics.success = (0.5,)
    lab.pass_time(1)
    assert play.run.phase == "incident"
    assert play.run.mitigated_at is None
    assert phases(play)[-3:] == ["incident", "mitigated", "incident"]


def resolve(lab: Lab) -> Play:
    """Return a play whose incident the reference fix has resolved."""
    play = lab.start()
    fix(play, "rollback")
    lab.metrics.success = (1.0,)
    lab.pass_time(15)
    assert play.run.phase == "resolved"
    return play


def test_a_cause_that_comes_back_takes_the_resolution_with_it(lab: Lab) -> None:
    play = resolve(lab)
    lab.engine.deploy("orders", "1.5.0")
    lab.pass_time(1)
    assert play.run.phase == "mitigated"
    whats = [e.what for e in play.journal.all() if isinstance(e, FaultEntry) and e.id != "load"]
    assert whats == ["injected", "gone", "back"]


def test_a_fix_before_users_suffer_counts(lab: Lab) -> None:
    play = lab.begin()
    play.start()
    lab.pass_time(3)
    fix(play, "rollback")
    lab.pass_time(2)
    assert play.run.phase == "resolved"


def test_inconclusive_criteria_mitigate_nothing(lab: Lab) -> None:
    play = lab.start()
    lab.metrics.success = ()
    lab.pass_time(120)
    assert play.run.phase == "incident"


def test_time_runs_out(lab: Lab) -> None:
    play = lab.start()
    lab.pass_time(600)
    assert play.run.phase == "ended"
    assert (play.run.outcome, play.run.reason) == ("unresolved", "Time is over.")


def test_the_end_takes_the_fault_back_and_sends_users_home(lab: Lab) -> None:
    play = lab.start()
    play.finish()
    assert lab.engine.releases("orders")[-1] == "1.4.2"
    assert lab.engine.pipe.commands[-1] == {"op": "stop"}
    ended = play.run.ended_at
    lab.pass_time(3)
    assert play.finish().ended_at == ended


def test_speed_shortens_waiting_but_not_the_hold(lab: Lab) -> None:
    play = lab.begin(speed=10)
    play.start()
    lab.metrics.success = (0.4,)
    lab.pass_time(4)
    assert [e.text for e in play.journal.all() if isinstance(e, MessageEntry)]
    lab.metrics.success = (1.0,)
    fix(play, "rollback")
    lab.pass_time(9)
    assert play.run.phase == "incident"
    lab.pass_time(3)
    assert play.run.phase == "resolved"


def test_speed_leaves_the_gate_that_the_proof_needs(lab: Lab) -> None:
    play = lab.start(speed=100)
    lab.pass_time(80)
    assert play.run.phase == "incident"
    lab.pass_time(10)
    assert play.run.phase == "ended"


def test_a_second_run_is_refused_with_the_way_out(lab: Lab) -> None:
    play = lab.begin()
    with pytest.raises(WrongPhase, match=r"still active\. Finish it with"):
        lab.orchestrator.create_run(RunRequest(scenario="pages-stall"))
    play.finish()
    assert lab.begin().run.id != play.run.id


def test_the_next_run_finds_the_system_as_it_should_be(lab: Lab) -> None:
    play = lab.start()
    fix(play, "set_config", db_pool_size=20)
    lab.engine.crash("inventory")
    play.finish()
    lab.begin()
    assert lab.engine.config("orders")["db_pool_size"] == 4
    assert {c.state for c in lab.engine.components()} == {"healthy"}
    assert lab.engine.releases("orders")[-1] == "1.4.2"


def test_a_system_that_cannot_be_prepared_ends_the_run(lab: Lab) -> None:
    lab.engine.fail_next("start", EngineError("orders does not start", component="orders"))
    with pytest.raises(EngineError, match="does not start"):
        lab.orchestrator.create_run(RunRequest(scenario="pages-stall"))
    assert lab.orchestrator.play("current").run.phase == "ended"
    lab.begin()


def test_an_unknown_driver_is_found_before_anything_starts(lab: Lab, change_scenario: Edit) -> None:
    def edit(data: dict[str, Any]) -> None:
        data["timeline"][0]["inject"]["driver"] = "earthquake"

    change_scenario(edit)
    with pytest.raises(UnknownName, match="earthquake"):
        lab.orchestrator.create_run(RunRequest(scenario="pages-stall"))


def test_hints_come_by_time_by_condition_and_for_a_price(lab: Lab) -> None:
    play = lab.start()
    price = play.hints.views(play.run)[-1]
    assert (price.cost, price.text) == (10, None)
    assert play.next_hint().text == "Read the change log."
    with pytest.raises(WrongPhase, match="no more hints"):
        play.next_hint()
    lab.metrics.condition = (0.0,)
    lab.pass_time(1)
    lab.metrics.condition = (1.0,)
    lab.pass_time(60)
    shown = [(e.number, e.why) for e in play.journal.all() if isinstance(e, HintEntry)]
    assert shown == [(3, "asked"), (2, "condition"), (1, "time")]


def test_no_hint_comes_unasked_once_it_is_resolved(lab: Lab) -> None:
    play = resolve(lab)
    lab.metrics.condition = (1.0,)
    lab.pass_time(120)
    assert not [e for e in play.journal.all() if isinstance(e, HintEntry)]


def test_a_load_that_was_killed_is_told_again_what_to_do(lab: Lab) -> None:
    lab.start()
    lab.pass_time(30)
    lab.engine.crash("load")
    lab.pass_time(2)
    lab.engine.restart("load")
    before = len(lab.engine.pipe.commands)
    lab.pass_time(1)
    assert [c["op"] for c in lab.engine.pipe.commands[before:]] == ["ledger", "start", "phase"]
    lab.pass_time(1)
    assert len(lab.engine.pipe.commands) == before + 3


def test_a_component_that_dies_is_told_and_an_ordered_restart_is_not(lab: Lab) -> None:
    play = lab.start()
    lab.engine.crash("inventory")
    lab.pass_time(1)
    fix(play, "restart")
    lab.pass_time(2)
    lab.engine.restart("inventory")
    lab.pass_time(1)
    told = [(e.component, e.what) for e in play.journal.all() if e.kind == "component"]
    assert told == [
        ("inventory", "failed: killed by signal 9"),
        ("inventory", "is healthy again"),
    ]


def test_a_crash_in_the_same_second_as_an_order_is_told_once_the_order_is_over(lab: Lab) -> None:
    play = lab.start()
    fix(play, "restart")
    lab.engine.crash("orders")
    lab.pass_time(2)
    told = [e.what for e in play.journal.all() if e.kind == "component"]
    assert told == ["failed: killed by signal 9"]
