"""`/api/search`: TraceQL over the store."""

from __future__ import annotations

from typing import Any

from obstack_lab.telemetry.tempo.answer import Answer
from obstack_lab.telemetry.tempo.deadline import Deadline
from obstack_lab.telemetry.tempo.planner import Plan, Window
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.conditions import request_of
from obstack_lab.telemetry.traceql.pipeline import Spanset, compile_pipeline
from obstack_lab.telemetry.traceql.span import Trace
from obstack_lab.telemetry.traceql.syntax import Pipeline


def overlaps(trace: Trace, window: Window | None) -> bool:
    """Say whether a trace and a window share a second."""
    if window is None:
        return True
    second = 10**9
    return trace.start // second <= window.end // second and trace.end // second >= (
        window.start // second
    )


def search(
    store: SpanStore,
    pipeline: Pipeline,
    *,
    window: Window | None,
    limit: int,
    spans_per_set: int,
    deadline: Deadline,
) -> list[dict[str, Any]]:
    """Return the traces that a pipeline finds, newest first, as Tempo's JSON."""
    request = request_of(pipeline)
    view = request.view()
    run = compile_pipeline(pipeline, view)
    fetched = request.fetched()
    answer = Answer(request, view, spans_per_set=spans_per_set)
    out: list[dict[str, Any]] = []
    store.flush()
    plan = Plan(store, pipeline, request, window, first_page=limit, bodies=request.bodies)
    for page in plan.traces():
        deadline.check()
        for trace in page:
            if not overlaps(trace, window):
                continue
            spans = trace.spans
            if fetched is not None:
                spans = [span for span in spans if fetched(span)]
            found = run([Spanset(spans)]) if spans else []
            if found:
                out.append(answer.trace(trace, found))
                if len(out) >= limit:
                    return out
    return out
