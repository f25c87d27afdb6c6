"""Metrics queries over the store: by SQL alone where a filter says all, else span by span."""

from __future__ import annotations

from collections.abc import Callable

from obstack_lab.telemetry.tempo.compare import Comparison
from obstack_lab.telemetry.tempo.deadline import Deadline
from obstack_lab.telemetry.tempo.metrics_sql import fast_path
from obstack_lab.telemetry.tempo.planner import Plan, Window
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.conditions import Condition, Request, request_of
from obstack_lab.telemetry.traceql.pipeline import Spanset, compile_pipeline
from obstack_lab.telemetry.traceql.series import Accumulator, Intervals, Series, key_of
from obstack_lab.telemetry.traceql.series_math import evaluate
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.syntax import Intrinsic, MetricsNode, MetricsQuery


def query_series(
    store: SpanStore,
    node: MetricsNode,
    intervals: Intervals,
    deadline: Deadline,
    *,
    fast: bool = True,
    exemplars: int = 0,
) -> list[Series]:
    """Return the series of a metrics query; `fast=False` looks at every span, as a check does.

    With `exemplars`, about so many spans are given as examples.
    """
    store.flush()
    return evaluate(
        node,
        lambda query: _leaf(store, query, intervals, deadline, fast=fast, exemplars=exemplars),
    )


def _leaf(
    store: SpanStore,
    query: MetricsQuery,
    intervals: Intervals,
    deadline: Deadline,
    *,
    fast: bool,
    exemplars: int,
) -> list[Series]:
    aggregate = query.aggregate
    request = request_of(query.pipeline)
    known = {condition.field for condition in request.conditions}
    for target in aggregate.by if aggregate.field is None else (*aggregate.by, aggregate.field):
        if isinstance(target, Intrinsic) or target not in known:
            request.conditions.append(Condition(target, optional=True))
    if aggregate.selection is not None:
        request.related = True
        comparison = Comparison(aggregate, intervals, known)
        each_span(store, query, request, intervals, deadline, comparison.observe)
        return comparison.series()
    accumulator = Accumulator(aggregate, intervals)
    if not (fast and fast_path(store, query, request, accumulator, exemplars=exemplars)):
        view = request.view()
        keys = [view.getter(target) for target in aggregate.by]
        read = None if aggregate.field is None else view.getter(aggregate.field)

        def observe(span: Span, interval: int) -> None:
            key = key_of(key(span) for key in keys)
            value = None if read is None else read(span)
            accumulator.observe(key, interval, value)
            if exemplars:
                accumulator.exemplify(key, value, interval, span.trace.trace_id, span.start)

        each_span(store, query, request, intervals, deadline, observe)
    return accumulator.series()


def each_span(  # noqa: PLR0917 - all of them are needed, none is an option
    store: SpanStore,
    query: MetricsQuery,
    request: Request,
    intervals: Intervals,
    deadline: Deadline,
    observe: Callable[[Span, int], None],
) -> None:
    """Hand every span that the pipeline leaves, and that began in an interval, to `observe`."""
    run = compile_pipeline(query.pipeline, request.view())
    fetched = request.fetched()
    window = Window(intervals.begin, intervals.end)
    bodies = request.bodies or query.aggregate.selection is not None
    for page in Plan(store, query.pipeline, request, window, bodies=bodies).traces():
        deadline.check()
        for trace in page:
            spans = trace.spans
            if fetched is not None:
                spans = [span for span in spans if fetched(span)]
            for spanset in run([Spanset(spans)]) if spans else ():
                for span in spanset.spans:
                    interval = intervals.index(span.start)
                    if interval >= 0:
                        observe(span, interval)
