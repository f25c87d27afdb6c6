"""What a scenario wants to run, in the engine's words."""

from __future__ import annotations

from obstack_lab.engine.interface import Policy, Probe, Stack
from obstack_lab.scenario.model import Probing, Scenario, Supervision


def stack_of(scenario: Scenario) -> Stack:
    """Return the stack of a scenario."""
    return Stack(
        services=scenario.releases,
        instances=scenario.instances,
        supervision={name: policy_of(said) for name, said in scenario.supervision.items()},
    )


def policy_of(said: Supervision) -> Policy:
    """Return the policy that a scenario states."""
    return Policy(
        restart=said.restart,
        strategy=said.strategy,
        backoff=said.backoff,
        longest=max(said.longest, said.backoff),
        most=said.most,
        window=said.window,
        liveness=_probe(said.liveness),
        readiness=_probe(said.readiness),
    )


def _probe(said: Probing | None) -> Probe | None:
    return Probe(**said.model_dump()) if said is not None else None
