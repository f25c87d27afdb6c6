"""`open_lab`: start the lab or attach to it, prepare the scenario, show the desk."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from obstack_lab.engine.choice import EngineName
from obstack_lab.errors import UnknownName, WrongPhase
from obstack_lab.lab import front
from obstack_lab.lab.session import Lab
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.daemon import attach, launch
from obstack_lab.orchestrator.run import SANDBOX
from obstack_lab.orchestrator.views import ProgressView, RunView
from obstack_lab.settings import LabHome

SPEED_VARIABLE = "OBSTACK_LAB_SPEED"
"""How many times faster a run's waiting passes, where nobody says otherwise."""


def open_lab(
    scenario: str | None = None,
    *,
    home: str | Path | None = None,
    engine: EngineName = "auto",
    seed: int | None = None,
    speed: float | None = None,
    show: bool = True,
) -> Lab:
    """Return the lab with the scenario ready and its users coming; the incident waits for start.

    Starts the stack if none runs, else attaches. The scenario's run that is under way is taken up
    again; an ended one makes room for a new run. In a notebook the desk is shown.

    Without a scenario it is the run that is under way, else the sandbox: the whole system, in
    which nothing happens by itself, to break by hand.

    Raises UnknownName for a scenario that does not exist, WrongPhase while another one is played.
    """
    lab = attach_lab(home=home, engine=engine)
    if scenario is not None or lab.scenario is None:
        lab.scenario = scenario or SANDBOX
        pace = speed or float(os.environ.get(SPEED_VARIABLE, "1"))
        _prepare(lab.client, lab.scenario, seed, pace)
    if show:
        front.show(lab)
    return lab


def attach_lab(*, home: str | Path | None = None, engine: EngineName = "auto") -> Lab:
    """Return the lab as it is, with the run that is under way or none; start it if none runs."""
    place = LabHome(Path(home).expanduser().absolute()) if home else LabHome.find()
    state = attach(place) or launch(place, engine=engine, report=_tell)
    lab = Lab(place, state)
    if active := _active(lab.client):
        lab.scenario = active.scenario
    return lab


def _prepare(client: Client, scenario: str, seed: int | None, speed: float) -> RunView:
    known = tuple(item.id for item in client.scenarios())
    if scenario not in {SANDBOX, *known}:
        raise UnknownName("scenario", scenario, known)
    active = _active(client)
    if active is None:
        return client.create_run(scenario, seed=seed, speed=speed)
    if active.scenario != scenario:
        raise WrongPhase(
            f"'{active.scenario}' is being played. Finish it first: "
            f'open_lab("{active.scenario}").finish()'
        )
    return active


def _active(client: Client) -> RunView | None:
    try:
        run = client.run()
    except UnknownName:
        return None
    return None if run.phase == "ended" else run


def _tell(step: ProgressView) -> None:
    """Say what has started, while the learner waits."""
    if step.state in {"ready", "failed"}:
        detail = f": {step.detail}" if step.detail else ""
        sys.stdout.write(f"{step.component} {step.state} ({step.seconds:.1f} s){detail}\n")
        sys.stdout.flush()
