"""The made files are those of the sources, for both programs, and hang together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from obstack_lab.dashboards import page
from obstack_lab.dashboards.files import files
from obstack_lab.dashboards.library import file, library, made
from obstack_lab.dashboards.model import COLUMNS, Dashboard, Panel, Query, Row, height, places
from obstack_lab.errors import UnknownName

ROOT = Path(__file__).parents[3]
FOUND = library()
NAMES = [dashboard.name for dashboard in FOUND.dashboards]
MADE = files()
PLUGINS = {
    "chart": "TimeSeriesChart",
    "number": "StatChart",
    "table": "Table",
    "logs": "LogsTable",
    "traces": "TraceTable",
}


@pytest.mark.parametrize("path", MADE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_made_file_is_the_one_that_its_source_makes(path: Path) -> None:
    again = "python -m obstack_lab.dashboards"
    assert path.read_text(encoding="utf-8") == MADE[path], again


def test_no_file_is_left_of_a_dashboard_that_is_gone() -> None:
    stored = {path for path in (ROOT / "stack/dashboards").rglob("*") if path.is_file()}
    assert stored == {path for path in MADE if path.is_relative_to(ROOT / "stack")}


def test_the_page_has_every_question() -> None:
    written = page.page(FOUND)
    for dashboard in FOUND.dashboards:
        assert all(panel.question in written for panel in dashboard.panels)


@pytest.mark.parametrize("name", NAMES)
def test_both_programs_ask_the_same(name: str) -> None:
    asked = {
        (panel.question, query.text)
        for dashboard in FOUND.dashboards
        if dashboard.name == name
        for panel in dashboard.panels
        for query in panel.queries
    }
    grafana = {
        (panel["title"], target.get("expr") or target["query"])
        for panel in made("grafana", name)["panels"]
        for target in panel.get("targets", ())
    }
    perses = {
        (panel["spec"]["display"]["name"], query["spec"]["plugin"]["spec"]["query"])
        for panel in made("perses", name)["spec"]["panels"].values()
        for query in panel["spec"]["queries"]
    }
    assert grafana == perses == asked


@pytest.mark.parametrize("name", NAMES)
def test_grafanas_panels_have_a_source_and_a_place_of_their_own(name: str) -> None:
    document = made("grafana", name)
    assert document["uid"] == f"lab-{name}"
    assert "id" not in document
    panels = document["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < COLUMNS
        assert not cells & taken, panel["title"]
        taken |= cells


@pytest.mark.parametrize("name", NAMES)
def test_perses_panels_are_all_laid_out_and_use_plugins_of_the_bundle(name: str) -> None:
    spec = made("perses", name)["spec"]
    laid = [item["content"]["$ref"] for row in spec["layouts"] for item in row["spec"]["items"]]
    assert sorted(laid) == sorted(f"#/spec/panels/{key}" for key in spec["panels"])
    kinds = {panel["spec"]["plugin"]["kind"] for panel in spec["panels"].values()}
    assert kinds <= set(PLUGINS.values())


@pytest.mark.parametrize("name", NAMES)
def test_every_chart_begins_at_zero_and_says_its_unit(name: str) -> None:
    for panel in made("grafana", name)["panels"]:
        if panel["type"] == "timeseries":
            assert panel["fieldConfig"]["defaults"]["min"] == 0
            assert panel["fieldConfig"]["defaults"]["unit"]
    for drawn in made("perses", name)["spec"]["panels"].values():
        plugin = drawn["spec"]["plugin"]
        if plugin["kind"] == "TimeSeriesChart":
            assert plugin["spec"]["yAxis"]["min"] == 0
            assert plugin["spec"]["yAxis"]["format"]["unit"]


@pytest.mark.parametrize("dashboard", FOUND.dashboards, ids=lambda dashboard: dashboard.name)
def test_every_question_is_one_and_every_dashboard_ends_with_what_happened(
    dashboard: Dashboard,
) -> None:
    assert all(panel.question.endswith("?") for panel in dashboard.panels)
    assert dashboard.rows[-1].title == "What happened, and when?"


def test_marks_are_annotations_of_every_dashboard_in_grafana() -> None:
    for name in NAMES:
        drawn = made("grafana", name)["annotations"]["list"]
        assert [mark["name"] for mark in drawn] == [mark.name for mark in FOUND.marks]
        assert all(mark["enable"] and mark["target"]["expr"] for mark in drawn)


def test_panels_that_do_not_fit_into_a_line_go_into_the_next_one() -> None:
    wide, low = panel("Wide?", width=16), panel("Low?", width=10, height=3)
    row = Row(title="", panels=(wide, low, panel("Last?", width=14, height=5)))
    assert [(x, y) for _, x, y in places(row)] == [(0, 0), (0, 7), (10, 7)]
    assert height(row) == 12


def panel(question: str, **more: Any) -> Panel:
    return Panel(question=question, queries=(Query(text="up"),), **more)


def rows(*asked: str, **more: Any) -> dict[str, Any]:
    """Return rows with one panel, as often as there are questions."""
    panels = [{"question": "A?", "queries": [{"text": text}], **more} for text in asked]
    return {"rows": [{"title": "", "panels": panels}]}


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (rows(), "panels"),
        (rows("up", queries=[]), "queries"),
        (rows("$b"), "no such variable: b"),
        (rows("up", "up"), "asked twice: a"),
        (rows("up", kind="logs"), "cannot ask in promql"),
        (rows("up", kind="table"), "names its columns"),
        ({"variables": [{"name": "a", "title": "A"}]}, "either 'choices'"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_a_source_with_a_mistake_is_refused_and_says_where(wrong: Any, why: str) -> None:
    good = {"name": "a", "title": "A", "about": "", **rows("up")}
    Dashboard.model_validate(good)
    with pytest.raises(ValidationError, match=why):
        Dashboard.model_validate(good | wrong)


def test_a_dashboard_that_there_is_not_is_named_with_those_there_are() -> None:
    with pytest.raises(UnknownName, match="overview, service"):
        made("perses", "nothing")


def test_the_files_lie_where_the_lab_finds_its_stack() -> None:
    assert json.loads(file("perses", "overview").read_text(encoding="utf-8"))["kind"] == "Dashboard"


def test_sources_are_files_of_the_lab() -> None:
    sources = (ROOT / "obstack_lab/dashboards/source").glob("*.yaml")
    stems = {path.stem for path in sources if yaml.safe_load(path.read_text(encoding="utf-8"))}
    assert stems == {*NAMES, "happened"}
