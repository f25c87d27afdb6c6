"""The trees of all traces by their shapes: most traces are of few shapes, each numbered once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.span import Instrumentation, Resource, Span, Trace
from obstack_lab.telemetry.traceql.static import Kind, Status, Value
from obstack_lab.telemetry.traceql.syntax import Intrinsic
from obstack_lab.telemetry.traceql.view import candidates

_ROOT = -1
_ELSEWHERE = -2
_TRACES = (
    "SELECT list(span_id ORDER BY rowid), list(parent_id ORDER BY rowid) FROM spans "
    "GROUP BY trace_high, trace_low"
)


def tree_values(store: SpanStore, target: Intrinsic) -> Iterator[Value]:
    """Yield the values that a field of the tree has in any trace, some more than once."""
    read = candidates(target)
    shapes = {_shape(ids, parents) for ids, parents in _traces(store)}
    for shape in shapes:
        for span in _trace(shape).spans:
            yield from read(span)


def _traces(store: SpanStore) -> Iterator[tuple[Any, ...]]:
    cursor = store.cursor().execute(_TRACES)
    while rows := cursor.fetchmany(5_000):
        yield from rows


def _shape(ids: list[int], parents: list[int]) -> tuple[int, ...]:
    """Return for each span the place of its parent among the spans of the trace."""
    places = {number: place for place, number in enumerate(ids)}
    return tuple(places.get(parent, _ELSEWHERE) if parent else _ROOT for parent in parents)


def _trace(shape: tuple[int, ...]) -> Trace:
    """Return a trace of this shape; its spans have a place and nothing else."""
    trace, resource, instrumentation = Trace(""), Resource({}), Instrumentation()
    trace.spans = [
        Span(
            str(place), "" if parent == _ROOT else str(parent), "", Kind.unspecified,
            Status.unset, "", 0, 0, {}, resource, instrumentation, trace,
        )
        for place, parent in enumerate(shape)
    ]  # fmt: skip
    trace.arrange()
    return trace
