"""Overview: rate, errors and duration of every service, as the browser draws them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.panels.assets import read_package
from obstack_lab.panels.view import Block

SPAN = 900
STEP = 5
SHORTEST = 120
"""Seconds that the axis spans at least, while there is little to show."""
PATIENCE = 2.0
"""Seconds for one of these queries: the desk goes on when Prometheus does not answer."""
Series = Mapping[str, Sequence[tuple[float, float]]]
"""Points by the service's name."""


@dataclass(frozen=True)
class Column:
    """One question to every service."""

    id: str
    title: str
    unit: str
    query: str


@dataclass(frozen=True)
class Presets:
    """What the desk asks and offers, as `overview.yaml` has it."""

    columns: tuple[Column, ...]
    queries: Mapping[str, Any]
    sql: Sequence[Any]


@cache
def presets() -> Presets:
    """Return the desk's own queries."""
    import yaml

    text = yaml.safe_load(read_package("overview.yaml"))
    columns = tuple(Column(**column) for column in text["columns"])
    return Presets(columns, text["queries"], text["sql"])


def ask(client: Client, now: float) -> dict[str, Series]:
    """Return the points of every column; raises LabError when Prometheus does not answer."""
    end = math.floor(now / STEP) * STEP
    answers: dict[str, Series] = {}
    for column in presets().columns:
        params: dict[str, str | int | float] = {
            "query": column.query,
            "start": end - SPAN,
            "end": end,
            "step": STEP,
        }
        reply = client.telemetry("prometheus", "api/v1/query_range", params, timeout=PATIENCE)
        if reply.is_error:
            raise LabError("Prometheus did not answer the overview's queries.")
        answers[column.id] = {
            item["metric"].get("service_name", ""): [(t, float(v)) for t, v in item["values"]]
            for item in reply.json()["data"]["result"]
        }
    return answers


def view(
    answers: Mapping[str, Series], marks: Sequence[Block], now: float, order: Sequence[str] = ()
) -> Block:
    """Return the charts' block: one time axis for all, a missing point is a gap."""
    end = math.floor(now / STEP) * STEP
    first = min((p[0][0] for s in answers.values() for p in s.values() if p), default=end - SPAN)
    begin = max(end - SPAN, min(int(first), end - SHORTEST))
    times = list(range(begin, end + STEP, STEP))
    found = {name for series in answers.values() for name in series if name}
    names = [*(name for name in order if name in found), *sorted(found - set(order))]
    return {
        "columns": [{"id": c.id, "title": c.title, "unit": c.unit} for c in presets().columns],
        "times": times,
        "from": times[0],
        "to": times[-1],
        "services": [
            {
                "name": name,
                "values": {
                    key: _line(series.get(name, ()), times) for key, series in answers.items()
                },
            }
            for name in names
        ],
        "marks": [mark for mark in marks if times[0] <= mark["at"] <= times[-1]],
    }


def _line(points: Sequence[tuple[float, float]], times: Sequence[int]) -> list[float | None]:
    by_time = {round(at): value for at, value in points}
    return [_round(by_time.get(at)) for at in times]


def _round(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.4g}")


def marks(snapshot: Snapshot) -> list[Block]:
    """Return what happened, as thin vertical lines: start, changes, alerts, own actions."""
    found: list[Block] = []
    if snapshot.run and snapshot.run.started_at is not None:
        found.append({"at": snapshot.run.started_at, "kind": "start", "text": "incident began"})
    found += [{"at": c.at, "kind": "change", "text": c.text} for c in snapshot.changes]
    found += [
        {"at": entry.at, "kind": "action", "text": entry.text}
        for entry in snapshot.feed
        if entry.kind == "action"
    ]
    found += [
        {"at": a.since, "kind": "alert", "text": f"{a.name} {a.state}"} for a in snapshot.alerts
    ]
    return found
