"""Memory of the stack, and of the stack with JupyterLab and a kernel that shows the desk."""

from __future__ import annotations

import time

import psutil

from obstack_lab.bench import consumption, terminal
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.consumption import Consumption
from obstack_lab.bench.figure import figure
from obstack_lab.bench.notebook import Notebook, notebook
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import SCENARIO, Stage, remove, users
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome
from obstack_lab.state import read_state

_CELL_WITHIN = 60.0


def measure(setting: Setting) -> Measured:
    """Let users come at 20 requests a second for a minute, then weigh everything."""
    home = LabHome(setting.folder / "lab")
    try:
        setting.tell("starting a lab with JupyterLab")
        address = str(terminal.call(home, "up", "--no-browser", "--engine", "embedded")["notebook"])
        jupyter = int(terminal.call(home, "status")["jupyter"]["pid"])
        state = read_state(home)
        if state is None:
            raise EngineError("The lab has no state file although it is up.")
        with Client(state, name="bench") as client:
            return _weigh(Stage(home, state, client), setting, address, jupyter)
    finally:
        setting.tell("ending the lab")
        terminal.call(home, "down")
        remove(home)


def _weigh(on: Stage, setting: Setting, address: str, jupyter: int) -> Measured:
    with users(on, setting):
        setting.tell("users come for a minute")
        time.sleep(setting.many(60, 5))
        stack = consumption.of_lab(on)
        setting.tell("a kernel shows the desk")
        with notebook(address) as cells:
            cells.run(f'%load_ext obstack_lab\nlab = open_lab("{SCENARIO}")', seconds=_CELL_WITHIN)
            kernel_time = _busy_kernel(cells, jupyter, setting.many(30, 6))
            both = consumption.of_lab(on)
            desk = consumption.of_tree(jupyter, "jupyterlab")
    return Measured(
        {
            "memory_stack": figure(
                "stack of three services with orchestrator and load, PSS",
                [stack.total_memory],
                "MB",
                budget=BUDGETS["memory_stack"],
                parts=stack.memory,
            ),
            "memory_notebook": figure(
                "the same with JupyterLab and one kernel that shows the desk, PSS",
                [both.total_memory + desk.total_memory],
                "MB",
                budget=BUDGETS["memory_notebook"],
                parts={"stack": both.total_memory, **desk.memory},
            ),
            "panels_live": figure(
                "kernel that shows the desk of a healthy run, processor time a second",
                [kernel_time * 1000],
                "ms",
                budget=BUDGETS["panels_live"],
            ),
        }
    )


def _busy_kernel(cells: Notebook, jupyter: int, seconds: float) -> float:
    """Return the kernel's processor time for each second in which the desk is refreshed.

    A cell that only waits keeps the desk awake: while one runs, nobody can say that they look.
    """
    # What opening the desk has started ends first.
    cells.run("import time; time.sleep(3)", seconds=_CELL_WITHIN)
    before, began = _kernel_seconds(jupyter), time.monotonic()
    cells.run(f"time.sleep({seconds})", seconds=seconds + _CELL_WITHIN)
    return (_kernel_seconds(jupyter) - before) / (time.monotonic() - began)


def _kernel_seconds(jupyter: int) -> float:
    tree: Consumption = consumption.of_tree(jupyter, "jupyterlab")
    if "kernel" not in tree.cpu:
        raise psutil.NoSuchProcess(jupyter, name="the notebook's kernel")
    return tree.cpu["kernel"]
