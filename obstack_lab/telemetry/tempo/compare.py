"""`compare({…})`: which attribute values are unlike in a selection and in all the rest."""

from __future__ import annotations

from collections.abc import Iterator

from obstack_lab.telemetry.traceql.expression import compile_test
from obstack_lab.telemetry.traceql.series import Intervals, Series
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import Value
from obstack_lab.telemetry.traceql.syntax import MetricsAggregate
from obstack_lab.telemetry.traceql.view import View


class Comparison:
    """Counts attribute values of both sides, by interval."""

    def __init__(self, aggregate: MetricsAggregate, intervals: Intervals) -> None:
        self.intervals = intervals
        self.limit = aggregate.limit
        self.window = aggregate.window
        expression = aggregate.selection.expression if aggregate.selection else None
        self._selected = compile_test(expression, View()) if expression is not None else None
        self.counts: dict[str, dict[str, dict[tuple[type, Value], dict[int, int]]]] = {
            "baseline": {},
            "selection": {},
        }

    def observe(self, span: Span, interval: int) -> None:
        """Count one span's values on its side."""
        chosen = self._selected is not None and self._selected(span)
        begin, end = self.window
        if chosen and (begin or end):
            chosen = begin <= span.start < end
        side = self.counts["selection" if chosen else "baseline"]
        for name, value in _values(span):
            cells = side.setdefault(name, {}).setdefault((type(value), value), {})
            cells[interval] = cells.get(interval, 0) + 1

    def series(self) -> list[Series]:
        """Return the counts of the commonest values, and the totals of each attribute."""
        out: list[Series] = []
        for side, attributes in self.counts.items():
            for name, values in attributes.items():
                totals: dict[int, int] = {}
                ranked = sorted(values.items(), key=lambda item: -sum(item[1].values()))
                for (_, value), cells in ranked[: self.limit]:
                    out.append(self._one(side, name, value, cells))
                for cells in values.values():
                    for at, number in cells.items():
                        totals[at] = totals.get(at, 0) + number
                out.append(self._one(f"{side}_total", name, "nil", totals))
        return out

    def _one(self, side: str, name: str, value: Value, cells: dict[int, int]) -> Series:
        points = {at: float(cells.get(at, 0)) for at in range(self.intervals.count)}
        return Series((("__meta_type", side), (name, value)), points)


def _values(span: Span) -> Iterator[tuple[str, Value]]:
    yield "name", span.name
    yield "kind", span.kind
    yield "status", span.status
    yield "statusMessage", span.status_message
    yield "rootName", span.trace.root_name
    yield "rootServiceName", span.trace.root_service
    yield "instrumentation:name", span.instrumentation.name
    yield "instrumentation:version", span.instrumentation.version
    for name, value in span.attributes.items():
        yield f"span.{name}", value
    for name, value in span.resource.attributes.items():
        yield f"resource.{name}", value
