"""A dashboard as Perses 0.52 takes it: resources of its dashboard specification."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obstack_lab.dashboards.library import LATEST, REFRESH
from obstack_lab.dashboards.model import COLOURS, Dashboard, Panel, Query, Row, Variable, places

Json = dict[str, Any]
PROJECT = "lab"
EPOCH = "2026-01-01T00:00:00Z"
"""A made file says nothing of when it was made, so that it stays the same."""
_UNITS: dict[str, Json] = {
    "count": {"unit": "decimal", "shortValues": True},
    "processors": {"unit": "decimal", "decimalPlaces": 2},
    "ratio": {"unit": "percent-decimal"},
    "seconds": {"unit": "seconds"},
    "bytes": {"unit": "bytes", "shortValues": True},
    "bytes per second": {"unit": "bytes/sec", "shortValues": True},
    "rows per second": {"unit": "decimal", "shortValues": True},
}
_PLAIN: Json = {"unit": "decimal"}
_SAYS_ITSELF = ("ratio", "seconds", "bytes", "bytes per second")
"""Units that every number of the axis carries already."""
_STEP = "5s"
_ROWS = 200
_TRACES = 20


def dashboard(source: Dashboard) -> Json:
    """Return the dashboard's resource."""
    return {
        "kind": "Dashboard",
        "metadata": {
            "name": source.name,
            "project": PROJECT,
            "createdAt": EPOCH,
            "updatedAt": EPOCH,
            "version": 0,
        },
        "spec": {
            "display": {"name": source.title, "description": source.about},
            "duration": LATEST,
            "refreshInterval": REFRESH,
            "variables": [_variable(variable) for variable in source.variables],
            "panels": {panel.key: _panel(panel) for panel in source.panels},
            "layouts": [_layout(row) for row in source.rows],
        },
    }


def _variable(source: Variable) -> Json:
    plugin: Json
    if source.choices:
        plugin = {"kind": "StaticListVariable", "spec": {"values": list(source.choices)}}
    else:
        plugin = {
            "kind": "PrometheusLabelValuesVariable",
            "spec": {"labelName": source.label, "matchers": [source.of]},
        }
    return {
        "kind": "ListVariable",
        "spec": {
            "name": source.name,
            "display": {"name": source.title},
            "allowMultiple": source.every,
            "allowAllValue": source.every,
            "defaultValue": "$__all" if source.every else source.default,
            "sort": "none" if source.choices else "alphabetical-asc",
            "plugin": plugin,
        },
    }


def _layout(row: Row) -> Json:
    spec: Json = {
        "display": {"title": row.title, "collapse": {"open": True}},
        "items": [
            {
                "x": x,
                "y": y,
                "width": panel.width,
                "height": panel.height,
                "content": {"$ref": f"#/spec/panels/{panel.key}"},
            }
            for panel, x, y in places(row)
        ],
    }
    if row.each:
        spec["repeatVariable"] = row.each
    return {"kind": "Grid", "spec": spec}


def _panel(panel: Panel) -> Json:
    return {
        "kind": "Panel",
        "spec": {
            "display": {"name": panel.question, "description": panel.about},
            "plugin": _plugin(panel),
            "queries": [_query(query, panel) for query in panel.queries],
        },
    }


def _plugin(panel: Panel) -> Json:
    match panel.kind:
        case "number":
            return {"kind": "StatChart", "spec": _number(panel)}
        case "table":
            return {"kind": "Table", "spec": _table(panel)}
        case "logs":
            return {
                "kind": "LogsTable",
                "spec": {"time": True, "wrap": True, "enableDetails": True},
            }
        case "traces":
            return {"kind": "TraceTable", "spec": {}}
    return {"kind": "TimeSeriesChart", "spec": _chart(panel)}


def _chart(panel: Panel) -> Json:
    axis: Json = {"show": True, "format": _format(panel), "min": 0}
    if panel.top is not None:
        axis["max"] = panel.top
    if panel.unit not in {*_SAYS_ITSELF, "count"}:
        axis["label"] = panel.unit
    spec: Json = {
        "yAxis": axis,
        "legend": {"position": "bottom", "mode": "list", "size": "small"},
        "visual": {
            "display": "line",
            "lineWidth": 1.5,
            "areaOpacity": 0.4 if panel.stacked else 0,
            "stack": "all" if panel.stacked else "none",
            "connectNulls": False,
        },
    }
    if settings := list(_settings(panel)):
        spec["querySettings"] = settings
    return spec


def _settings(panel: Panel) -> Iterator[Json]:
    for index, query in enumerate(panel.queries):
        if query.colour is not None:
            setting: Json = {
                "queryIndex": index,
                "colorMode": "fixed",
                "colorValue": COLOURS[query.colour],
            }
            yield setting | ({"lineStyle": "dashed"} if query.limit else {})


def _number(panel: Panel) -> Json:
    spec: Json = {"calculation": "last-number", "format": _format(panel), "sparkline": {}}
    if panel.colours:
        first, *rest = panel.colours
        spec["thresholds"] = {
            "defaultColor": COLOURS[first.colour],
            "steps": [{"value": step.value, "color": COLOURS[step.colour]} for step in rest],
        }
    return spec


def _table(panel: Panel) -> Json:
    value = {
        "name": "value",
        "header": panel.value or panel.unit,
        "format": _format(panel),
        "align": "right",
        "sort": "desc",
        "enableSorting": True,
        "width": 160,
    }
    labels = [{"name": name, "header": name, "enableSorting": True} for name in panel.columns]
    return {
        "density": "compact",
        "columnSettings": [value, *labels, {"name": "timestamp", "hide": True}],
    }


def _format(panel: Panel) -> Json:
    return _UNITS.get(panel.unit, _PLAIN)


def _query(query: Query, panel: Panel) -> Json:
    kind, plugin, spec = "TimeSeriesQuery", "PrometheusTimeSeriesQuery", {"query": query.text}
    if query.language == "promql":
        spec |= {"seriesNameFormat": query.legend, "minStep": _STEP}
    elif query.language == "traceql":
        kind, plugin = "TraceQuery", "TempoTraceQuery"
        return {"kind": kind, "spec": {"plugin": _asks(plugin, spec | {"limit": _TRACES})}}
    elif panel.kind == "logs":
        kind, plugin = "LogQuery", "LokiLogQuery"
        spec |= {"direction": "backward"}
    else:
        plugin = "LokiTimeSeriesQuery"
        spec |= {"step": _STEP}
    return {"kind": kind, "spec": {"plugin": _asks(plugin, spec)}}


def _asks(plugin: str, spec: Json) -> Json:
    return {"kind": plugin, "spec": spec}
