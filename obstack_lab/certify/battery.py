"""The cheats that every scenario faces: what looks quiet must not count as well."""

from __future__ import annotations

from obstack_lab.certify.play import Hand, by_toolkit
from obstack_lab.errors import LabError
from obstack_lab.orchestrator.client import Client
from obstack_lab.scenario.model import Cheat, Scenario, Step

FIRST_STEP = 20.0
"""Seconds into the incident: users suffer by then."""
EVERY = 10.0


def battery(scenario: Scenario) -> dict[str, Cheat]:
    """Return the fixed cheats (design.md rule 7), aimed at this scenario's services."""
    victim = _victim(scenario)
    restarts = tuple(
        _step(FIRST_STEP + EVERY * turn, "restart", service)
        for turn in range(int((scenario.certify.gate - FIRST_STEP) // EVERY))
        for service in scenario.services
    )
    return {
        "stop-the-load": _cheat("Send the users home", "KILL", "load"),
        "scale-to-zero": Cheat(
            title=f"Run no {victim} at all",
            steps=(
                Step(at=FIRST_STEP, action="scale", params={"service": victim, "instances": 0}),
            ),
        ),
        "restart-everything": Cheat(title="Restart everything every 10 s", steps=restarts),
        "break-the-scrape": _cheat("Freeze the metrics", "STOP", "prometheus"),
        "stop-postgres": _cheat("Freeze the database", "STOP", "postgres"),
    }


def by_components(client: Client, run: str, step: Step) -> str:
    """Take a step past the toolkit, at the components themselves."""
    target = str(step.params["service"])
    try:
        if step.action == "restart":
            client.restart(target)
        elif step.action == "scale":
            client.scale(target, int(step.params["instances"]))
        elif step.action == "signal":
            client.signal(target, str(step.params["signal"]))
        else:
            return by_toolkit(client, run, step)
    except LabError as error:
        return f"{step.action} {target}: refused: {error}"
    return f"{step.action} {target}: done"


HAND: Hand = by_components


def _victim(scenario: Scenario) -> str:
    """Return the service that the first injection names, else the last one of the chain."""
    for event in scenario.timeline:
        if event.inject is not None and "service" in event.inject.params:
            return str(event.inject.params["service"])
    return scenario.services[-1]


def _step(at: float, action: str, target: str) -> Step:
    return Step(at=at, action=action, params={"service": target})


def _cheat(title: str, signal: str, target: str) -> Cheat:
    step = Step(at=FIRST_STEP, action="signal", params={"service": target, "signal": signal})
    return Cheat(title=title, steps=(step,))
