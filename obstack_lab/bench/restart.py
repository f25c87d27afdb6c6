"""How long a service is away when the toolkit restarts it."""

from __future__ import annotations

import time

from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import operator, stage

_SERVICES = ("gateway", "orders", "inventory")


def measure(setting: Setting) -> Measured:
    """Restart each service some times while users come."""
    samples: dict[str, list[float]] = {service: [] for service in _SERVICES}
    with stage(setting) as on, operator(on, setting) as run:
        for turn in range(setting.many(5, 1)):
            for service, seconds in samples.items():
                setting.tell(f"restarting {service}, {turn + 1}")
                began = time.monotonic()
                on.client.act("restart", run, service=service)
                seconds.append(time.monotonic() - began)
    every = [seconds for found in samples.values() for seconds in found]
    figures: dict[str, Figure] = {
        "restart_service": figure(
            "a service restarted by the toolkit, healthy again",
            every,
            "s",
            of="worst",
            budget=BUDGETS["restart_service"],
            parts={name: sum(found) / len(found) for name, found in samples.items()},
        )
    }
    return Measured(figures)
