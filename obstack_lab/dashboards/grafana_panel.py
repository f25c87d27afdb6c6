"""A panel as Grafana takes it, made with Grafana's own typed builders."""

from __future__ import annotations

from typing import Any, TypeAlias

from grafana_foundation_sdk.builders import (
    common,
    dashboard,
    logs,
    loki,
    prometheus,
    stat,
    tempo,
    timeseries,
)
from grafana_foundation_sdk.builders import table as tables
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models import common as shapes
from grafana_foundation_sdk.models import dashboard as parts
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.tempo import SearchTableType

from obstack_lab.dashboards.model import COLOURS, Panel, Query

SOURCES = {"promql": "prometheus", "logql": "loki", "traceql": "tempo"}
_UNITS = {
    "count": "short",
    "processors": "short",
    "ratio": "percentunit",
    "seconds": "s",
    "bytes": "decbytes",
    "bytes per second": "Bps",
    "requests per second": "reqps",
    "jobs per second": "ops",
    "rows per second": "rowsps",
    "per second": "ops",
}
_STEP = "5s"
_LINES = 200
_TRACES = 20
_HIDDEN = {"Time": True}
Drawn: TypeAlias = timeseries.Panel | stat.Panel | tables.Panel | logs.Panel


def source(language: str) -> shapes.DataSourceRef:
    """Return the data source of a language; its uid is fixed by `stack/grafana`."""
    program = SOURCES[language]
    return shapes.DataSourceRef(type_val=program, uid=f"lab-{program}")


def panel(wanted: Panel, number: int, place: parts.GridPos) -> Drawn:
    """Return the panel at its place; the number is its id in the dashboard."""
    drawn = _drawn(wanted)
    drawn.title(wanted.question).id(number).grid_pos(place)
    drawn.datasource(source(wanted.queries[0].language))
    if wanted.about:
        drawn.description(wanted.about)
    for index, asked in enumerate(wanted.queries):
        drawn.with_target(query(asked, _ref(index), wanted.kind))
    return drawn


def query(asked: Query, ref: str, kind: str = "chart") -> Builder[Dataquery]:
    """Return the query as its data source takes it."""
    if asked.language == "traceql":
        traces = tempo.Dataquery().ref_id(ref).query_type("traceql").query(asked.text)
        traces.table_type(SearchTableType.TRACES).limit(_TRACES)
        return traces.datasource(source("traceql"))
    if asked.language == "logql":
        lines = loki.Dataquery().ref_id(ref).expr(asked.text).query_type("range")
        lines.datasource(source("logql"))
        if kind == "logs":
            return lines.max_lines(_LINES)
        return lines.legend_format(asked.legend).step(_STEP)
    series = prometheus.Dataquery().ref_id(ref).expr(asked.text).datasource(source("promql"))
    if kind == "table":
        return series.instant().format(PromQueryFormat.TABLE)
    series.range().legend_format(asked.legend or "__auto").interval(_STEP)
    return series.exemplar("histogram_quantile" in asked.text)


def _drawn(wanted: Panel) -> Drawn:
    match wanted.kind:
        case "number":
            return _number(wanted)
        case "table":
            return _table(wanted)
        case "logs":
            lines = logs.Panel().show_time(True).wrap_log_message(True).enable_log_details(True)
            return lines.sort_order(shapes.LogsSortOrder.DESCENDING)
        case "traces":
            return tables.Panel().show_header(True)
    return _chart(wanted)


def _chart(wanted: Panel) -> timeseries.Panel:
    chart = (
        timeseries.Panel()
        .unit(_UNITS[wanted.unit])
        .min(0)
        .line_width(1.5)
        .fill_opacity(40 if wanted.stacked else 0)
        .show_points(shapes.VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(
            common.VizLegendOptions()
            .show_legend(True)
            .display_mode(shapes.LegendDisplayMode.LIST)
            .placement(shapes.LegendPlacement.BOTTOM)
        )
        .tooltip(
            common.VizTooltipOptions()
            .mode(shapes.TooltipDisplayMode.MULTI)
            .sort(shapes.SortOrder.DESCENDING)
        )
    )
    if wanted.top is not None:
        chart.max(wanted.top)
    if wanted.stacked:
        chart.stacking(common.StackingConfig().mode(shapes.StackingMode.NORMAL))
    for index, asked in enumerate(wanted.queries):
        if asked.colour is not None:
            chart.override_by_query(_ref(index), _look(asked))
    return chart


def _look(asked: Query) -> list[parts.DynamicConfigValue]:
    colour = {"mode": "fixed", "fixedColor": COLOURS[asked.colour or "calm"]}
    look = [parts.DynamicConfigValue(id_val="color", value=colour)]
    if asked.limit:
        dashed = {"fill": "dash", "dash": [6, 6]}
        look.append(parts.DynamicConfigValue(id_val="custom.lineStyle", value=dashed))
    return look


def _number(wanted: Panel) -> stat.Panel:
    figure = (
        stat.Panel()
        .unit(_UNITS[wanted.unit])
        .graph_mode(shapes.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .color_mode(shapes.BigValueColorMode.VALUE)
    )
    steps = [
        parts.Threshold(value=step.value if index else None, color=COLOURS[step.colour])
        for index, step in enumerate(wanted.colours)
    ] or [parts.Threshold(value=None, color="text")]
    limits = dashboard.ThresholdsConfig().mode(parts.ThresholdsMode.ABSOLUTE).steps(steps)
    return figure.thresholds(limits)


def _table(wanted: Panel) -> tables.Panel:
    order = {"Value": 0} | {name: index + 1 for index, name in enumerate(wanted.columns)}
    options: dict[str, Any] = {
        "excludeByName": _HIDDEN,
        "indexByName": order,
        "renameByName": {"Value": wanted.value or wanted.unit},
    }
    organized = parts.DataTransformerConfig(id_val="organize", options=options)
    ranked = common.TableSortByFieldState().display_name(wanted.value or wanted.unit).desc(True)
    shown = tables.Panel().with_transformation(organized).sort_by([ranked]).show_header(True)
    unit = parts.DynamicConfigValue(id_val="unit", value=_UNITS[wanted.unit])
    return shown.override_by_name(wanted.value or wanted.unit, [unit])


def _ref(index: int) -> str:
    return chr(ord("A") + index)
