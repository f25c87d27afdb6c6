"""Processor time of the whole healthy stack at 20 requests a second."""

from __future__ import annotations

import time

from obstack_lab.bench import consumption
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import Stage, stage, users


def measure(setting: Setting) -> Measured:
    """Measure cores in use over some windows, and who uses them."""
    with stage(setting) as on, users(on, setting):
        windows = []
        for turn in range(setting.many(3, 1)):
            setting.tell(f"watching the healthy stack, {turn + 1}")
            windows.append(_window(on, setting.many(30, 8)))
    by_component = {
        name: sum(window.get(name, 0.0) for window in windows) / len(windows) for name in windows[0]
    }
    return Measured(
        {
            "cpu_healthy": figure(
                "the whole stack at 20 requests/s, healthy",
                [sum(window.values()) for window in windows],
                "cores",
                budget=BUDGETS["cpu_healthy"],
                parts=by_component,
            )
        }
    )


def _window(on: Stage, seconds: float) -> dict[str, float]:
    """Return the cores that each component used for these seconds."""
    before, began = consumption.of_lab(on).cpu, time.monotonic()
    time.sleep(seconds)
    after, ended = consumption.of_lab(on).cpu, time.monotonic()
    return {
        name: max(0.0, (total - before.get(name, 0.0)) / (ended - began))
        for name, total in after.items()
    }
