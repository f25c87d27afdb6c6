"""`compare({…})`: which attribute values are unlike in a selection and in all the rest."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from obstack_lab.telemetry.traceql.conditions import scoped
from obstack_lab.telemetry.traceql.dedicated import SPAN
from obstack_lab.telemetry.traceql.expression import compile_test
from obstack_lab.telemetry.traceql.series import Intervals, Series
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import Value
from obstack_lab.telemetry.traceql.syntax import Attribute, Field, MetricsAggregate
from obstack_lab.telemetry.traceql.view import TRACE_LEVEL, Getter, View

NIL = "nil"
SPAN_COLUMNS = (*SPAN, "url.route")
RESOURCE_COLUMNS = (
    "k8s.cluster.name", "k8s.container.name", "k8s.namespace.name", "k8s.pod.name", "service.name",
)  # fmt: skip


class Comparison:
    """Counts attribute values of both sides, by interval.

    What the query itself asks for is counted as often as the real store holds it: a field of
    spans twice, a field of the trace or resource once more with each span that shares it.
    """

    def __init__(
        self, aggregate: MetricsAggregate, intervals: Intervals, asked: Iterable[Field]
    ) -> None:
        self.intervals = intervals
        self.limit = aggregate.limit
        self.window = aggregate.window
        expression = aggregate.selection.expression if aggregate.selection else None
        self._selected = None if expression is None else compile_test(expression, SpansOnly())
        self._asked = {str(place) for target in asked for place in scoped(target)}
        self._shared: dict[tuple[int, str], int] = {}
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
            cells[interval] = cells.get(interval, 0) + self._times(span, name)

    def _times(self, span: Span, name: str) -> int:
        if name not in self._asked:
            return 1
        if name in TRACE_LEVEL:
            owner = id(span.trace)
        elif name.startswith("resource."):
            owner = hash((id(span.trace), id(span.resource)))
        else:
            return 2
        before = self._shared.get((owner, name), 1)
        self._shared[owner, name] = before + 1
        return before + 1

    def series(self) -> list[Series]:
        """Return the counts of the commonest values, and the totals of each attribute."""
        out: list[Series] = []
        for side, attributes in self.counts.items():
            for name, values in attributes.items():
                totals: dict[int, int] = {}
                ranked = sorted(values.items(), key=lambda item: -sum(item[1].values()))
                out.extend(
                    self._one(side, name, value, cells)
                    for (_, value), cells in ranked[: self.limit]
                )
                for cells in values.values():
                    for at, number in cells.items():
                        totals[at] = totals.get(at, 0) + number
                out.append(self._one(f"{side}_total", name, NIL, totals))
        return out

    def _one(self, side: str, name: str, value: Value, cells: dict[int, int]) -> Series:
        points = {at: float(cells.get(at, 0)) for at in range(self.intervals.count)}
        return Series((("__meta_type", side), (name, value)), points)


class SpansOnly(View):
    """Reads what a comparison fetches: neither events nor links."""

    def getter(self, field: Field) -> Getter:
        """Return the reader of a field; nil for events and links."""
        scope = field.scope if isinstance(field, Attribute) else field.name.partition(":")[0]
        if scope in ("event", "link"):
            return lambda _span: None
        return super().getter(field)


def _values(span: Span) -> Iterator[tuple[str, Value]]:
    yield "name", span.name
    yield "kind", span.kind
    yield "status", span.status
    yield "statusMessage", span.status_message
    yield "rootName", span.trace.root_name
    yield "rootServiceName", span.trace.root_service
    yield "instrumentation:name", span.instrumentation.name
    yield "instrumentation:version", span.instrumentation.version
    yield "span:childCount", span.children
    yield from _owned("span", span.attributes, SPAN_COLUMNS)
    yield from _owned("resource", span.resource.attributes, RESOURCE_COLUMNS)


def _owned(
    scope: str, attributes: dict[str, Value], columns: tuple[str, ...]
) -> Iterator[tuple[str, Value]]:
    for name, value in attributes.items():
        yield f"{scope}.{name}", NIL if value is None or isinstance(value, tuple) else value
    for name in columns:
        if name not in attributes:
            yield f"{scope}.{name}", NIL
