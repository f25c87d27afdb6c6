"""The published page of dashboards: each panel's question, and the queries that answer it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from obstack_lab.dashboards.library import Library
from obstack_lab.dashboards.model import Dashboard, Mark, Panel, Variable

_INTRODUCTION = Path(__file__).with_name("introduction.md")
_MARKS = Path(__file__).with_name("marks.md")
_GRAFANA = Path(__file__).with_name("grafana.md")


def page(found: Library) -> str:
    """Return the whole page."""
    parts = [_INTRODUCTION.read_text(encoding="utf-8"), _MARKS.read_text(encoding="utf-8")]
    parts += [*_marks(found.marks), "", _GRAFANA.read_text(encoding="utf-8")]
    for dashboard in found.dashboards:
        parts += [*_dashboard(dashboard), ""]
    return "\n".join(parts)


def _marks(marks: tuple[Mark, ...]) -> Iterator[str]:
    yield "| mark | colour | query |\n| --- | --- | --- |"
    for mark in marks:
        yield _line((mark.name, f"`{mark.colour}`", _code(mark.query)))


def _dashboard(dashboard: Dashboard) -> Iterator[str]:
    yield f"## {dashboard.title} (`{dashboard.name}`)\n"
    yield f"{dashboard.about}\n"
    if dashboard.variables:
        yield f"{'; '.join(map(_variable, dashboard.variables))}.\n"
    yield "| question | unit | query |\n| --- | --- | --- |"
    yield from map(_panel, dashboard.panels)


def _variable(variable: Variable) -> str:
    if variable.choices:
        return f"`${variable.name}`: {', '.join(variable.choices)}"
    first = "all of them" if variable.every else f"`{variable.default}`"
    values = f"values of `{variable.label}` in `{variable.of}`"
    return f"`${variable.name}`: {values}, {first} to begin with"


def _panel(panel: Panel) -> str:
    question = f"{panel.question} {panel.about}".strip()
    units = {"logs": "log lines", "traces": "traces"}
    queries = "<br>".join(
        f"{_code(query.text)}{f' ({query.legend})' if _names(query.legend) else ''}"
        for query in panel.queries
    )
    return _line((question, units.get(panel.kind, panel.unit), queries))


def _names(legend: str) -> bool:
    return bool(legend) and "{{" not in legend


def _code(query: str) -> str:
    return f"`{' '.join(query.split())}`"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", r"\|") for cell in cells) + " |"
