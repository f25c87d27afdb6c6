"""Every query of every dashboard, asked of the whole system under load: no panel stays empty."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import pytest

from obstack_lab.dashboards.library import library
from obstack_lab.dashboards.model import Dashboard, Mark, Panel, Query, Variable
from obstack_lab.errors import LabDown, UnknownName
from obstack_lab.lab import Lab, open_lab
from obstack_lab.orchestrator import daemon

pytestmark = pytest.mark.integration

SECONDS = 90
PAST = 120
STEP = 5
FOUND = library()
ADDRESSES = {
    "promql": ("prometheus", "api/v1/query_range", "query"),
    "logql": ("loki", "loki/api/v1/query_range", "query"),
    "traceql": ("tempo", "api/search", "q"),
}


class Asked(NamedTuple):
    panel: str
    language: str
    text: str


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """The sandbox: all five services, users, and one change made by the operator."""
    lab = open_lab(home=tmp_path_factory.mktemp("dashboards"), show=False)
    lab.start()
    assert lab.client.act("set_config", service="orders", db_pool_size=6).ok
    yield lab
    with suppress(UnknownName, LabDown):
        lab.finish()
    lab.close()
    daemon.shutdown(lab.home)


def values(lab: Lab, variable: Variable) -> tuple[str, ...]:
    if variable.choices:
        return (variable.default,)
    path = f"api/v1/label/{variable.label}/values"
    deadline = time.monotonic() + SECONDS
    found: list[str] = []
    while not found:
        assert time.monotonic() < deadline, f"${variable.name} offers nothing"
        reply = lab.client.telemetry("prometheus", path, {"match[]": variable.of})
        found = reply.json()["data"]
        time.sleep(0 if found else 1)
    return (f"({'|'.join(found)})", *found) if variable.every else tuple(found)


def every(lab: Lab, dashboard: Dashboard) -> set[Asked]:
    """Return every query for every value of what the reader may choose."""
    chosen: list[dict[str, str]] = [{}]
    for variable in dashboard.variables:
        chosen = [c | {variable.name: value} for c in chosen for value in values(lab, variable)]
    return {
        Asked(panel.question, query.language, fill(query.text, choice))
        for panel in dashboard.panels
        for query in panel.queries
        for choice in chosen
    }


def fill(text: str, choice: Mapping[str, str]) -> str:
    for name, value in choice.items():
        text = text.replace(f"${name}", value)
    return text


def holds(lab: Lab, asked: Asked) -> bool:
    """Say whether there is something to draw; fail where the query is refused."""
    backend, path, parameter = ADDRESSES[asked.language]
    now = int(time.time())
    params = {parameter: asked.text, "start": now - PAST, "end": now}
    if asked.language != "traceql":
        params["step"] = STEP
    reply = lab.client.telemetry(backend, path, params, timeout=20)
    assert reply.status_code == 200, f"{asked.panel}: {asked.text}: {reply.text}"
    body = reply.json()
    if asked.language == "traceql":
        return bool(body["traces"])
    return any(drawn(series["values"]) for series in body["data"]["result"])


def drawn(points: list[list[Any]]) -> bool:
    return any(number(point[1]) for point in points)


def number(text: str) -> bool:
    try:
        return math.isfinite(float(text))
    except ValueError:
        return bool(text)


def wait_until_full(lab: Lab, asked: set[Asked]) -> None:
    deadline = time.monotonic() + SECONDS
    while empty := {one for one in asked if not holds(lab, one)}:
        assert time.monotonic() < deadline, "\n".join(f"{e.panel}: {e.text}" for e in sorted(empty))
        asked = empty
        time.sleep(1)


@pytest.mark.parametrize("dashboard", FOUND.dashboards, ids=lambda dashboard: dashboard.name)
def test_no_panel_of_a_dashboard_is_empty_under_load(lab: Lab, dashboard: Dashboard) -> None:
    wait_until_full(lab, every(lab, dashboard))


@pytest.mark.parametrize(
    "mark", [m for m in FOUND.marks if m.name != "Alerts"], ids=lambda m: m.name
)
def test_a_mark_is_there_for_what_happened(lab: Lab, mark: Mark) -> None:
    wait_until_full(lab, {Asked(mark.name, mark.language, mark.query)})


def test_a_panel_that_asks_for_what_is_not_there_is_found_empty(lab: Lab) -> None:
    nothing = Panel(question="Is there anything?", queries=(Query(text="no_such_metric"),))
    asked = Asked(nothing.question, "promql", nothing.queries[0].text)
    assert not holds(lab, asked)
