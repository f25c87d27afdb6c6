"""How long `./lab up` takes: from nothing, in an empty lab directory, and again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from obstack_lab.bench import consumption, terminal
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import Stage, remove
from obstack_lab.cli import jupyter
from obstack_lab.errors import EngineError, LabError
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome, resources
from obstack_lab.state import read_state

_LOOK_EVERY = 0.05


def measure(setting: Setting) -> Measured:
    """Measure cold starts and warm ones, JupyterLab included."""
    figures: dict[str, Figure] = {}
    notes: list[str] = []
    if reason := _no_clone():
        notes.append(f"from nothing: {reason}")
    elif not setting.quick:
        figures["start_from_nothing"] = _from_nothing(setting)
    home = LabHome(setting.folder / "lab")
    try:
        setting.tell("cold: an empty lab directory")
        cold = _up(home)
        warm: list[Start] = []
        for turn in range(setting.many(3, 1)):
            setting.tell(f"warm {turn + 1}")
            terminal.call(home, "down")
            warm.append(_up(home))
    finally:
        terminal.call(home, "down")
        remove(home)
    return Measured(figures | _figures(cold, warm), tuple(notes))


def _figures(cold: Start, warm: list[Start]) -> dict[str, Figure]:
    return {
        "start_cold": figure(
            "`up` in an empty lab directory, until JupyterLab answers, too",
            [cold.done],
            "s",
            budget=BUDGETS["start_cold"],
            parts=cold.steps,
        ),
        "start_warm": figure(
            "`up` again, until all components are healthy",
            [each.healthy for each in warm],
            "s",
            of="worst",
            budget=BUDGETS["start_warm"],
            parts=warm[-1].steps,
        ),
        "start_warm_usable": figure(
            "`up` again, until JupyterLab answers, too", [each.done for each in warm], "s"
        ),
        "start_warm_cpu": figure(
            "`up` again, processor time until JupyterLab answers",
            [sum(each.cpu.values()) for each in warm],
            "s",
            parts=warm[-1].cpu,
        ),
    }


@dataclass(frozen=True)
class Start:
    """One `up`: seconds until healthy and done, of each step, and of processor time."""

    healthy: float
    done: float
    steps: Mapping[str, float]
    cpu: Mapping[str, float]


def _up(home: LabHome, *, program: Sequence[str] = (), cwd: Path | None = None) -> Start:
    """Run `up` and watch it from outside."""
    words = ("up", "--no-browser", "--engine", "embedded")
    began = time.monotonic()
    if program:
        environment = _plain_shell()
        process = terminal.begin(home, *words, program=program, environment=environment, cwd=cwd)
    else:
        process = terminal.begin(home, *words)
    steps: dict[str, float] = {}
    healthy = None
    while process.poll() is None and time.monotonic() - began < terminal.PATIENCE:
        if healthy is None and _is_healthy(home, steps):
            healthy = time.monotonic() - began
        time.sleep(_LOOK_EVERY)
    done = time.monotonic() - began
    terminal.answer(process, timeout=1)
    return Start(healthy or done, done, steps, _spent(home))


def _spent(home: LabHome) -> dict[str, float]:
    """Return the processor time of everything that has been started, by component."""
    state = read_state(home)
    if state is None:
        return {}
    with Client(state) as client:
        spent = dict(consumption.of_lab(Stage(home, state, client)).cpu)
    if server := jupyter.find(home):
        spent |= consumption.of_tree(server.pid, "jupyterlab").cpu
    return spent


def _is_healthy(home: LabHome, steps: dict[str, float]) -> bool:
    """Look at the lab from outside, and note how long each component took."""
    state = read_state(home)
    if state is None:
        return False
    try:
        with Client(state, timeout=2) as client:
            status = client.status()
    except LabError:
        return False
    told = (*status.starting, *status.started)
    steps.update({s.component: s.seconds for s in told if s.state == "ready"})
    return status.healthy and not status.starting


def _no_clone() -> str:
    """Return why no clone can be made here, or nothing."""
    if not (resources() / ".git").exists() or not (resources() / "lab").is_file():
        return "skipped, this is no checkout"
    return ""


def _from_nothing(setting: Setting) -> Figure:
    setting.tell("from nothing: a clone without a virtual environment")
    clone = setting.folder / "clone"
    command = ["git", "clone", "--quiet", "--no-hardlinks", str(resources()), str(clone)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        raise EngineError(f"git clone failed: {done.stderr.strip()[-200:]}")
    home = LabHome(setting.folder / "from-nothing")
    lab = (str(clone / "lab"),)
    try:
        seconds = _up(home, program=lab, cwd=clone).done
    finally:
        ending = terminal.begin(home, "down", program=lab, environment=_plain_shell(), cwd=clone)
        terminal.answer(ending)
        remove(home)
    return figure(
        "`./lab up` in a fresh clone, packages cached",
        [seconds],
        "s",
        budget=BUDGETS["start_from_nothing"],
    )


def _plain_shell() -> dict[str, str]:
    """Return the environment without the virtual environment that this runs in."""
    own = Path(sys.executable).parent
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    return {
        **{key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"},
        "PATH": os.pathsep.join(each for each in folders if Path(each) != own),
    }
