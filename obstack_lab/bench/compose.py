"""The lab in containers: how long it takes to come up again, and what memory it takes."""

from __future__ import annotations

import time

from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import Stage, users
from obstack_lab.engine.choice import choose
from obstack_lab.engine.compose.reap import wipe
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState


def measure(setting: Setting) -> Measured:
    """Start a lab of containers, start it again, weigh it; skipped where it cannot be had."""
    choice = choose("auto")
    if choice.name != "compose":
        return Measured({}, (f"compose: skipped, {choice.why}",))
    home = LabHome(setting.folder / "lab")
    try:
        setting.tell("cold: containers, network and volumes are made")
        cold, _ = _up(home)
        warm = []
        for turn in range(setting.many(3, 1)):
            setting.tell(f"warm {turn + 1}")
            daemon.shutdown(home)
            seconds, state = _up(home)
            warm.append(seconds)
        memory = _memory(home, state, setting)
    finally:
        daemon.shutdown(home)
        wipe(home)
    return Measured(
        {
            "compose_cold": figure("a lab in containers, the first time", [cold], "s"),
            "compose_warm": figure(
                "a lab in containers, again, until all components are healthy",
                warm,
                "s",
                of="worst",
                budget=BUDGETS["compose_warm"],
            ),
            "compose_memory": figure(
                "a lab in containers with its load, as the engine counts it",
                [sum(memory.values())],
                "MB",
                parts=memory,
            ),
        }
    )


def _up(home: LabHome) -> tuple[float, LabState]:
    began = time.monotonic()
    state = daemon.launch(home, engine="compose")
    return time.monotonic() - began, state


def _memory(home: LabHome, state: LabState, setting: Setting) -> dict[str, float]:
    """Return what each component takes in MB, after a minute of 20 requests a second."""
    with Client(state, name="bench") as client, users(Stage(home, state, client), setting):
        setting.tell("users come for a minute")
        time.sleep(setting.many(60, 5))
        shown = client.components(resources=True)
    return {each.name: each.memory / 1e6 for each in shown if each.memory is not None}
