"""The sandbox: faults by hand, users by hand, the same phases; sealed while an incident runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from orchestrator_stage import Lab

from obstack_lab.errors import ActionError, EngineError, UnknownName, UsageError, WrongPhase
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.faults.catalogue import Catalogue, Fault
from obstack_lab.orchestrator.faults.interface import FaultDriver
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.sandbox.incident import sandbox
from obstack_lab.review.journal import ChangeEntry, FaultEntry, MessageEntry
from obstack_lab.testing import MemoryEngine

SIGNAL = {"query": "up", "silent": "> 0", "shows": "< 1"}
FAULTS = [
    {
        "id": "bad-release",
        "row": 1,
        "title": "Orders is at another release",
        "mechanism": "A deploy.",
        "level": "beginner",
        "mitigation": "roll back",
        "inject": [{"driver": "release", "params": {"service": "orders", "release": "1.5.0"}}],
        "signal": SIGNAL,
        "instances": {"inventory": 2},
        "config": {"orders": {"db_pool_size": 3}},
    },
    {
        "id": "two-parts",
        "row": 2,
        "title": "Two things at once",
        "mechanism": "Two deploys.",
        "level": "advanced",
        "mitigation": "roll both back",
        "inject": [
            {"driver": "release", "params": {"service": "gateway", "release": "2.3.0"}},
            {"driver": "release", "params": {"service": "inventory", "release": "3.0.2"}},
        ],
        "signal": SIGNAL,
    },
]


@pytest.fixture
def drivers() -> Mapping[str, FaultDriver]:
    return DRIVERS


@pytest.fixture
def catalogue(lab: Lab) -> Catalogue:
    """Two faults in place of the lab's own."""
    standard = {"load": sandbox().scenario.load, "objective": sandbox().scenario.objective}
    faults = tuple(Fault.model_validate(fault) for fault in FAULTS)
    made = Catalogue.model_validate({"faults": faults, "standard": standard})
    lab.orchestrator.stage = replace(lab.orchestrator.stage, catalogue=lambda: made)
    return made


@pytest.fixture
def opened(lab: Lab, client: Client, catalogue: Catalogue) -> Client:
    """A sandbox that is open and well."""
    client.create_run("sandbox")
    lab.pass_time(12)
    return client


def test_the_sandbox_has_every_action_and_stays_as_long_as_one_likes(
    opened: Client, lab: Lab
) -> None:
    assert {form.action for form in opened.toolkit()} == set(ACTIONS)
    assert opened.scenario("sandbox").title == "Sandbox"
    assert "sandbox" not in {scenario.id for scenario in opened.scenarios()}
    assert opened.act("restart", service="orders").ok
    opened.start()
    lab.pass_time(5)
    lab.clock.now += 86_400
    lab.pass_time(1)
    run = opened.run()
    assert (run.time_left, run.ended_at) == (None, None)


def test_a_fault_is_set_in_shown_and_taken_back(opened: Client, lab: Lab) -> None:
    assert [(f.id, f.injected) for f in opened.faults()] == [
        ("bad-release", False),
        ("two-parts", False),
    ]
    assert opened.run().phase == "baseline"
    done = opened.inject("bad-release")
    assert (done.injected, done.there) == (True, True)
    assert lab.engine.releases("orders")[-1] == "1.5.0"
    assert opened.run().phase == "incident"
    with pytest.raises(UsageError, match="set in already"):
        opened.inject("bad-release")
    assert [f.id for f in opened.clear("bad-release")] == ["bad-release"]
    assert lab.engine.releases("orders")[-1] == "1.4.2"
    assert not opened.clear("bad-release")
    assert opened.inject("bad-release").there


def test_what_a_fault_builds_on_is_made_first_and_told(opened: Client, lab: Lab) -> None:
    opened.inject("bad-release")
    assert lab.engine.config("orders")["db_pool_size"] == 3
    assert len(lab.engine.weigh("inventory", {})) == 2
    changes = [e for e in opened.journal().entries if isinstance(e, ChangeEntry)]
    assert [(e.who, e.component, e.what) for e in changes] == [
        ("sandbox", "inventory", "scale"),
        ("sandbox", "orders", "config"),
        ("deploy-bot", "orders", "deploy"),
    ]
    messages = [e.text for e in opened.journal().entries if isinstance(e, MessageEntry)]
    assert any("bad-release is set in" in text for text in messages)


def test_phases_follow_what_one_does(
    opened: Client, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_success = lab.metrics.values
    monkeypatch.setattr(
        lab.metrics,
        "values",
        lambda query: (100.0,) if query.startswith("sum(increase(") else by_success(query),
    )
    opened.inject("two-parts")
    lab.metrics.success = (0.2,)
    lab.pass_time(5)
    opened.clear()
    lab.metrics.success = (1.0,)
    lab.pass_time(30)
    assert opened.run().phase == "resolved"
    opened.inject("two-parts")
    lab.pass_time(2)
    assert opened.run().phase == "mitigated"
    opened.finish()
    assert opened.review()["outcome"] == "mitigated"


def test_repairing_it_as_an_operator_is_seen(opened: Client, lab: Lab) -> None:
    opened.inject("bad-release")
    opened.act("rollback", service="orders")
    lab.pass_time(2)
    found = {fault.id: fault for fault in opened.faults()}["bad-release"]
    assert (found.injected, found.there) == (True, False)


def test_parameters_replace_those_of_the_catalogue(opened: Client, lab: Lab) -> None:
    opened.inject("bad-release", release="1.4.1")
    assert lab.engine.releases("orders")[-1] == "1.4.1"
    with pytest.raises(ActionError, match="release, service") as refused:
        opened.inject("two-parts", colour="red")
    assert refused.value.parameter == "colour"
    with pytest.raises(ActionError, match="text parameter"):
        opened.inject("two-parts", release=3)
    with pytest.raises(UnknownName, match="two-parts"):
        opened.inject("three-parts")


def test_a_fault_of_two_parts_is_set_in_whole_or_not_at_all(opened: Client, lab: Lab) -> None:
    engine: MemoryEngine = lab.engine
    deploy = engine.deploy
    engine.deploy = refusing(deploy, "inventory")
    with pytest.raises(EngineError, match="no room"):
        opened.inject("two-parts")
    engine.deploy = deploy
    assert engine.releases("gateway")[-1] == "2.3.1"
    assert not any(fault.injected for fault in opened.faults())


def refusing(deploy: Callable[..., str], service: str) -> Any:
    def only_others(name: str, *rest: str, **more: Any) -> str:
        if name == service:
            raise EngineError("no room", component=name)
        return deploy(name, *rest, **more)

    return only_others


def test_the_load_changes_its_rate_pattern_and_mix(opened: Client, lab: Lab) -> None:
    now = opened.load(rate=60, pattern="sine", period="30s", mix={"buy": 1})
    assert (now.rate, now.pattern, now.mix) == (60, "sine", {"buy": 1})
    ops = {command["op"]: command for command in lab.engine.pipe.commands}
    assert ops["phase"]["phase"]["rate"] == 60
    assert ops["mix"]["weights"] == {"buy": 1}
    lab.engine.pipe.commands.clear()
    lab.engine.restart("load")
    lab.pass_time(1)
    assert [c["op"] for c in lab.engine.pipe.commands] == ["ledger", "start", "phase", "mix"]
    change = [e for e in opened.journal().entries if isinstance(e, ChangeEntry)][-1]
    assert (change.what, change.after) == ("load", "sine 60/s, buy=1")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"rate": 0}, "rate"),
        ({"rate": 2000}, "rate"),
        ({"rate": 5, "pattern": "zigzag"}, "pattern"),
        ({"rate": 5, "mix": {"steal": 1}}, "back-office"),
        ({"rate": 5, "period": "soon"}, "period"),
        ({"rate": 5, "colour": "red"}, "colour"),
    ],
)
def test_a_load_that_is_none_is_refused(opened: Client, body: dict[str, Any], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        opened.load(**body)


def test_the_door_is_sealed_while_an_incident_is_played(
    client: Client, lab: Lab, catalogue: Catalogue
) -> None:
    lab.start()
    for forbidden in (
        client.faults,
        client.clear,
        lambda: client.clear("bad-release"),
        lambda: client.inject("bad-release"),
        lambda: client.load(rate=1),
    ):
        with pytest.raises(WrongPhase) as refused:
            forbidden()
        assert "bad-release" not in str(refused.value)
    assert lab.engine.releases("orders")[-1] != "1.4.2"
    client.finish()
    assert len(client.faults()) == 2
    with pytest.raises(WrongPhase, match="No sandbox is open"):
        client.inject("bad-release")


def test_the_end_takes_every_fault_back(opened: Client, lab: Lab) -> None:
    opened.inject("two-parts")
    opened.finish()
    assert lab.engine.releases("gateway")[-1] == "2.3.1"
    told = [e.what for e in opened.journal().entries if isinstance(e, FaultEntry)]
    assert told == ["injected", "injected", "cleared", "cleared"]
