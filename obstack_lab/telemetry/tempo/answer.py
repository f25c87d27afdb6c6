"""Search results as Tempo's JSON."""

from __future__ import annotations

import math
from typing import Any

from obstack_lab.telemetry.traceql import dedicated
from obstack_lab.telemetry.traceql.conditions import ABSENT, SILENT, Request, scoped
from obstack_lab.telemetry.traceql.pipeline import Spanset
from obstack_lab.telemetry.traceql.span import NO_ROOT, Span, Trace
from obstack_lab.telemetry.traceql.static import Duration, Kind, Status, Value, format_duration
from obstack_lab.telemetry.traceql.syntax import Attribute, Field, Intrinsic
from obstack_lab.telemetry.traceql.view import (
    EMPTY,
    LINK_IDENTITIES,
    FetchedView,
    Getter,
    View,
    filled,
)

NIL = "nil"


def any_value(value: Value) -> dict[str, Any]:  # noqa: PLR0911 - a case a type
    """Return a value in OTLP/JSON's form; nil is the word."""
    if value is None:
        return {"stringValue": NIL}
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
    if math.isnan(value):
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    return value


class Answer:
    """Writes the traces of one query: which fields of a span it shows."""

    def __init__(self, request: Request, view: FetchedView, *, spans_per_set: int) -> None:
        self.spans_per_set = spans_per_set
        self.name: Getter | None = None
        self.columns: list[tuple[str, Getter]] = []
        self.forgotten = request.forgotten
        absent = {c.field for c in request.conditions if c.op == ABSENT}
        whole = View()
        places: dict[Field, Getter] = {}
        for target in dict.fromkeys(condition.field for condition in request.conditions):
            if target in absent:
                for place in scoped(target):
                    self.columns.append((target.name, _missing(place, whole)))
                continue
            for place in scoped(target):
                places.setdefault(place, _shown(place, view))
        for target in request.selected:
            for place in scoped(target):
                places[place] = _selected(place, whole)
        for place, read in places.items():
            if place == Intrinsic("name"):
                self.name = read
            elif place.name not in SILENT or isinstance(place, Attribute):
                self.columns.append((place.name, read))

    def trace(self, trace: Trace, spansets: list[Spanset]) -> dict[str, Any]:
        """Return one trace with its span sets."""
        sets = [self._spanset(spanset) for spanset in spansets]
        out = summary(trace)
        for key in self.forgotten:
            out.pop(key, None)
        out.setdefault("rootServiceName", NO_ROOT)
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
                {"key": key, "value": any_value(value)} for key, value in spanset.attributes.items()
            ]
        return out

    def _span(self, span: Span) -> dict[str, Any]:
        out: dict[str, Any] = {"spanID": span.span_id}
        if self.name is not None and self.name(span) is not None:
            out["name"] = span.name
        out["startTimeUnixNano"] = str(span.start)
        out["durationNanos"] = str(span.duration)
        shown = [(key, value) for key, read in self.columns if (value := read(span)) is not None]
        if shown:
            out["attributes"] = [{"key": key, "value": any_value(value)} for key, value in shown]
        return out


def _shown(place: Field, view: FetchedView) -> Getter:
    if isinstance(place, Intrinsic) and place.name in LINK_IDENTITIES:
        passes = view.sieves.get(place) or (lambda value: value)

        def linked(span: Span) -> Value:
            for link in span.links:
                full = link.trace_id if place.name == "link:traceID" else link.span_id
                if passes(full.lstrip("0")) is not None:
                    return full
            return None

        return linked
    return view.getter(place)


def _missing(place: Field, whole: View) -> Getter:
    """Return the reader of a field that was asked to be absent: nil where it is."""
    read = whole.getter(place)
    return lambda span: NIL if read(span) in (None, ()) else None


def _selected(place: Field, whole: View) -> Getter:
    """Return the reader of a selected field; what has its own column is nil where absent."""
    if isinstance(place, Intrinsic) and place.name in LINK_IDENTITIES:
        if place.name == "link:traceID":
            return lambda span: span.links[-1].trace_id if span.links else ""
        return lambda span: span.links[-1].span_id if span.links else "0" * 16
    if isinstance(place, Intrinsic) and place.name in EMPTY:
        return filled(place)
    read = whole.getter(place)
    kind = None
    if isinstance(place, Attribute) and place.scope == "span":
        kind = dedicated.SPAN.get(place.name)
    if kind is None:
        return read

    def own_column(span: Span) -> Value:
        value = read(span)
        return value if type(value) is kind else NIL

    return own_column


def summary(trace: Trace) -> dict[str, Any]:
    """Return what identifies a trace in a list."""
    out: dict[str, Any] = {"traceID": trace.trace_id.lstrip("0") or "0"}
    out["rootServiceName"] = trace.root_service or NO_ROOT
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
