"""A scenario's stack: what it names, and the defaults of the engine where it names nothing."""

from __future__ import annotations

from obstack_lab.engine.interface import Policy, Probe
from obstack_lab.orchestrator.stack import policy_of, stack_of
from obstack_lab.scenario.library import library
from obstack_lab.scenario.model import Supervision


def test_what_is_not_said_is_what_the_engine_takes_for_granted() -> None:
    assert policy_of(Supervision(restart="on_failure")) == Policy(restart="on_failure")


def test_a_policy_can_be_said_whole() -> None:
    said = Supervision.model_validate(
        {
            "restart": "always",
            "strategy": "rest_for_one",
            "backoff": "250ms",
            "longest": "4s",
            "most": 2,
            "window": "1m",
            "liveness": {"path": "/readyz", "every": "500ms", "timeout": "20ms", "failures": 2},
        }
    )
    assert policy_of(said) == Policy(
        restart="always",
        strategy="rest_for_one",
        backoff=0.25,
        longest=4,
        most=2,
        window=60,
        liveness=Probe("/readyz", every=0.5, timeout=0.02, failures=2),
    )


def test_a_backoff_above_the_cap_is_its_own_cap() -> None:
    said = Supervision.model_validate({"restart": "always", "backoff": "20s"})
    assert policy_of(said).longest == 20


def test_the_stack_is_the_scenarios() -> None:
    scenario = library().get("checkout-stalls").scenario
    assert stack_of(scenario).supervision == {}, "nothing heals itself unless the scenario says so"
    assert stack_of(scenario).instances == {}
    more = scenario.model_copy(
        update={
            "instances": {"orders": 2},
            "supervision": {"orders": Supervision(restart="on_failure")},
        }
    )
    assert stack_of(more).services == scenario.releases
    assert stack_of(more).instances == {"orders": 2}
    assert stack_of(more).supervision == {"orders": Policy(restart="on_failure")}
