"""How soon the operator sees what an action has done."""

from __future__ import annotations

import time

from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import Stage, await_snapshot, operator, stage
from obstack_lab.errors import Timeout
from obstack_lab.orchestrator.views import Snapshot

_LIMIT = 20.0
_LOOK_EVERY = 0.05
_SIZES = (6, 8, 10, 12, 14)
_GAUGE = 'max(db_client_connection_max{service_name="orders"})'


def measure(setting: Setting) -> Measured:
    """Change a setting some times; look at the snapshots and at the metric that follows it."""
    calls, shown, effect = [], [], []
    with stage(setting) as on, operator(on, setting) as run:
        for size in _SIZES[: setting.many(len(_SIZES), 2)]:
            setting.tell(f"a pool of {size} connections")
            began = time.monotonic()
            on.client.act("set_config", run, service="orders", db_pool_size=size)
            calls.append(time.monotonic() - began)
            effect.append(_await_gauge(on, size) - began)
            began = time.monotonic()
            on.client.act("set_config", run, service="orders", db_pool_size=size + 1)
            shown.append(_await_change(on, size + 1) - began)
    return Measured(
        {
            "action_call": figure("`set_config`, until the call returns", calls, "s"),
            "action_shown": figure(
                "`set_config`, until the desk's snapshot shows it",
                shown,
                "s",
                of="worst",
                budget=BUDGETS["action_shown"],
            ),
            "action_effect": figure(
                "`set_config`, until a query shows the metric it changed",
                effect,
                "s",
                of="worst",
                budget=BUDGETS["action_effect"],
            ),
        }
    )


def _await_change(on: Stage, size: int) -> float:
    def holds(snapshot: Snapshot) -> bool:
        return bool(snapshot.changes) and f"{size}" in snapshot.changes[0].text

    return await_snapshot(on.client, holds, _LIMIT, "the change log to show the action")


def _await_gauge(on: Stage, size: int) -> float:
    deadline = time.monotonic() + _LIMIT
    while time.monotonic() < deadline:
        answer = on.client.telemetry("prometheus", "api/v1/query", {"query": _GAUGE})
        result = answer.json()["data"]["result"] if answer.is_success else []
        if result and float(result[0]["value"][1]) == size:
            return time.monotonic()
        time.sleep(_LOOK_EVERY)
    raise Timeout(f"The metric did not follow the action within {_LIMIT:.0f} s.")
