"""Search results as Tempo's JSON."""

from __future__ import annotations

from typing import Any

from obstack_lab.telemetry.traceql.conditions import ABSENT, SILENT, Request
from obstack_lab.telemetry.traceql.pipeline import Spanset
from obstack_lab.telemetry.traceql.span import NO_ROOT, Span, Trace
from obstack_lab.telemetry.traceql.static import Duration, Kind, Status, Value, format_duration
from obstack_lab.telemetry.traceql.syntax import Attribute, Field, Intrinsic
from obstack_lab.telemetry.traceql.view import FetchedView, Getter, View


def any_value(value: Value) -> dict[str, Any]:
    """Return a value in OTLP/JSON's form; nil is the word."""
    if value is None:
        return {"stringValue": "nil"}
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, Duration):
        return {"stringValue": format_duration(value)}
    if isinstance(value, Status | Kind):
        return {"stringValue": value.name}
    if isinstance(value, str):
        return {"stringValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": double(value)}
    return {"arrayValue": {"values": [any_value(item) for item in value]}}


def double(value: float) -> float | str:
    """Return a float as JSON can carry it."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


class Answer:
    """Writes the traces of one query: which fields of a span it shows."""

    def __init__(self, request: Request, view: FetchedView, *, spans_per_set: int) -> None:
        self.spans_per_set = spans_per_set
        self.named = False
        self.columns: list[tuple[str, Getter, bool]] = []
        absent = {c.field for c in request.conditions if c.op == ABSENT}
        fields = dict.fromkeys([condition.field for condition in request.conditions])
        for target in (*fields, *request.selected):
            reader: View = View() if target in request.selected else view
            self._show(target, reader, told=target in absent)

    def _show(self, target: Field, reader: View, *, told: bool) -> None:
        if isinstance(target, Intrinsic):
            if target.name == "name":
                self.named = True
            elif target.name not in SILENT:
                self.columns.append((target.name, reader.getter(target), False))
            return
        places = [target]
        if target.scope == "" and not target.parent:
            places = [Attribute(target.name, "span"), Attribute(target.name, "resource")]
        for place in places:
            entry = (place.name, reader.getter(place), told)
            self.columns.append(entry)

    def trace(self, trace: Trace, spansets: list[Spanset]) -> dict[str, Any]:
        """Return one trace with its span sets."""
        sets = [self._spanset(spanset) for spanset in spansets]
        out = summary(trace)
        out["spanSet"] = sets[0]
        out["spanSets"] = sets
        out["serviceStats"] = service_stats(trace)
        return out

    def _spanset(self, spanset: Spanset) -> dict[str, Any]:
        out: dict[str, Any] = {
            "spans": [self._span(span) for span in spanset.spans[: self.spans_per_set]],
            "matched": len(spanset.spans),
        }
        if spanset.attributes:
            out["attributes"] = [
                {"key": key, "value": any_value(value)}
                for key, value in spanset.attributes.items()
            ]
        return out

    def _span(self, span: Span) -> dict[str, Any]:
        out: dict[str, Any] = {"spanID": span.span_id}
        if self.named:
            out["name"] = span.name
        out["startTimeUnixNano"] = str(span.start)
        out["durationNanos"] = str(span.duration)
        shown: list[tuple[str, Value]] = []
        for key, read, told in self.columns:
            value = read(span)
            if value is not None or told:
                shown.append((key, value))
        if shown:
            out["attributes"] = [{"key": key, "value": any_value(value)} for key, value in shown]
        return out


def summary(trace: Trace) -> dict[str, Any]:
    """Return what identifies a trace in a list."""
    out: dict[str, Any] = {"traceID": trace.trace_id.lstrip("0") or "0"}
    out["rootServiceName"] = trace.root_service if trace.root is not None else NO_ROOT
    if trace.root_name:
        out["rootTraceName"] = trace.root_name
    out["startTimeUnixNano"] = str(trace.start)
    milliseconds = trace.duration // 10**6
    if milliseconds:
        out["durationMs"] = milliseconds
    return out


def service_stats(trace: Trace) -> dict[str, dict[str, int]]:
    """Return how many spans and errors each service has in a trace."""
    stats: dict[str, dict[str, int]] = {}
    for span in trace.spans:
        service = stats.setdefault(span.resource.service, {"spanCount": 0})
        service["spanCount"] += 1
        if span.status is Status.error:
            service["errorCount"] = service.get("errorCount", 0) + 1
    return stats
