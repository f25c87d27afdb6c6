"""A dashboard as Grafana takes it, made with Grafana's own typed builders.

Only who makes the files anew needs `grafana-foundation-sdk`; the extra `dev` brings it.
"""

from __future__ import annotations

import json
from typing import Any

from grafana_foundation_sdk.builders import dashboard as builders
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as parts

from obstack_lab.dashboards.grafana_panel import panel, query, source
from obstack_lab.dashboards.library import LATEST, REFRESH
from obstack_lab.dashboards.link import grafana_uid
from obstack_lab.dashboards.model import (
    COLOURS,
    COLUMNS,
    Dashboard,
    Mark,
    Query,
    Row,
    Variable,
    height,
    places,
)

_TAG = "obstack-lab"


def dashboard(wanted: Dashboard, marks: tuple[Mark, ...]) -> dict[str, Any]:
    """Return the dashboard's JSON model; it has no numeric id, so that it can be provisioned."""
    made = (
        builders.Dashboard(wanted.title)
        .uid(grafana_uid(wanted.name))
        .description(wanted.about)
        .tags([_TAG])
        .readonly()
        .time(f"now-{LATEST}", "now")
        .refresh(REFRESH)
        .timezone("browser")
        .tooltip(parts.DashboardCursorSync.CROSSHAIR)
        .annotations([_mark(mark) for mark in marks])
        .link(
            builders.DashboardLink("All dashboards of the lab")
            .type(parts.DashboardLinkType.DASHBOARDS)
            .tags([_TAG])
            .as_dropdown(True)
            .keep_time(True)
        )
    )
    for variable in wanted.variables:
        made.with_variable(_variable(variable))
    line = number = 0
    for row in wanted.rows:
        number += 1
        made.with_row(_row(row, number, line))
        line += 1
        for drawn, x, y in places(row):
            number += 1
            place = parts.GridPos(x=x, y=line + y, w=drawn.width, h=drawn.height)
            made.with_panel(panel(drawn, number, place))
        line += height(row)
    encoded: dict[str, Any] = json.loads(JSONEncoder(sort_keys=True).encode(made.build()))
    return encoded


def _row(row: Row, number: int, line: int) -> builders.Row:
    made = builders.Row(row.title).id(number)
    made.grid_pos(parts.GridPos(x=0, y=line, w=COLUMNS, h=1))
    return made.repeat(row.each) if row.each else made


def _variable(wanted: Variable) -> builders.QueryVariable | builders.CustomVariable:
    if wanted.choices:
        choice = builders.CustomVariable(wanted.name).label(wanted.title)
        chosen = parts.VariableOption(text=wanted.default, value=wanted.default)
        return choice.values(",".join(wanted.choices)).current(chosen)
    found = (
        builders.QueryVariable(wanted.name)
        .label(wanted.title)
        .datasource(source("promql"))
        .query(f"label_values({wanted.of}, {wanted.label})")
        .refresh(parts.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(parts.VariableSort.ALPHABETICAL_ASC)
        .multi(wanted.every)
        .include_all(wanted.every)
    )
    if wanted.every:
        return found.current(parts.VariableOption(text=["All"], value=["$__all"]))
    return found.current(parts.VariableOption(text=wanted.default, value=wanted.default))


def _mark(mark: Mark) -> builders.AnnotationQuery:
    asked = Query(language=mark.language, text=mark.query)
    made = (
        builders.AnnotationQuery()
        .name(mark.name)
        .enable(True)
        .icon_color(COLOURS[mark.colour])
        .datasource(source(mark.language))
        .target(query(asked, mark.name, "logs"))
        .expr(mark.query)
        .title_format(mark.title)
    )
    if mark.text:
        made.text_format(mark.text)
    return made.tag_keys(mark.tags) if mark.tags else made
