"""`/api/traces/{id}` and `/api/v2/traces/{id}`: one trace as an OTLP document."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from obstack_lab.telemetry.tempo import trace_document
from obstack_lab.telemetry.tempo.parameters import BadRequest, signed, trace_identity, trace_times
from obstack_lab.telemetry.tempo.reply import json_reply
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.errors import TraceQLError
from obstack_lab.telemetry.traceql.expression import compile_test
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.syntax import Filter
from obstack_lab.telemetry.traceql.validator import validate
from obstack_lab.telemetry.traceql.view import View

PROTOBUF = "application/protobuf"
FILTERED = "Trace filtered, only a subset of spans matching the filter is returned"


def trace_v1(store: SpanStore, request: HttpRequest) -> Response:
    """Answer with `{"batches": […]}`, or 404 without a body."""
    identity = trace_identity(request.path_params["trace_id"])
    trace_times(request.query_params)
    rows = store.rows(identity)
    if not rows:
        return Response(status_code=404)
    spans = trace_document.batches(rows, store.decoder)
    if PROTOBUF in request.headers.get("accept", ""):
        return Response(trace_document.protobuf(spans), media_type=PROTOBUF)
    return json_reply({"batches": spans})


def trace_v2(store: SpanStore, request: HttpRequest) -> Response:
    """Answer with `{"trace": {"resourceSpans": […]}}`, empty where there is no such trace."""
    identity = trace_identity(request.path_params["trace_id"])
    trace_times(request.query_params)
    wanted = _filter(request.query_params.get("q", ""))
    depth = _depth(request.query_params.get("match_depth", ""))
    rows = store.rows(identity)
    document: dict[str, Any] = {"trace": {}, "metrics": {}}
    message = ""
    if wanted is not None and rows:
        keep = request.query_params.get("keep_hierarchy", "") == "true"
        kept = _matching(store, rows, wanted, hierarchy=keep, depth=depth)
        if len(kept) < len(rows):
            message = FILTERED
        rows = kept
    spans = trace_document.batches(rows, store.decoder)
    if PROTOBUF in request.headers.get("accept", ""):
        body = trace_document.envelope(trace_document.protobuf(spans), message=message)
        return Response(body, media_type=PROTOBUF)
    if spans:
        document["trace"]["resourceSpans"] = spans
    if message:
        document |= {"status": "PARTIAL", "message": message}
    return json_reply(document)


def _filter(text: str) -> Filter | None:
    if not text:
        return None
    try:
        query = parse(text)
        if query.pipeline is None:
            raise BadRequest(
                "invalid TraceQL filter: only a single TraceQL filter is supported: "
                "got a metrics query"
            )
        validate(query)
    except TraceQLError as error:
        raise BadRequest(
            f"invalid TraceQL filter: failed to parse TraceQL spanset filter: {error}"
        ) from error
    stages = query.pipeline.stages
    if len(stages) != 1 or not isinstance(stages[0], Filter):
        raise BadRequest(
            "invalid TraceQL filter: only a single TraceQL filter is supported: "
            "got a pipeline or a spanset expression"
        )
    return stages[0]


def _depth(text: str) -> int | None:
    if not text:
        return None
    try:
        return signed(text, call="Atoi")
    except BadRequest as error:
        raise BadRequest(f"invalid value for match_depth: {error}") from error


def _matching(
    store: SpanStore,
    rows: list[tuple[Any, ...]],
    wanted: Filter,
    *,
    hierarchy: bool,
    depth: int | None,
) -> list[tuple[Any, ...]]:
    """Return the rows of matching spans; with `hierarchy` those of all spans above them too."""
    trace = store.trace(rows)
    test = compile_test(wanted.expression, View())
    by_id: dict[str, Span] = {span.span_id: span for span in trace.spans}
    children: dict[str, list[Span]] = {}
    for span in trace.spans:
        children.setdefault(span.parent_id, []).append(span)
    kept: set[str] = set()
    for span in trace.spans:
        if not test(span):
            continue
        kept.add(span.span_id)
        if hierarchy:
            above = by_id.get(span.parent_id)
            while above is not None and above.span_id not in kept:
                kept.add(above.span_id)
                above = by_id.get(above.parent_id)
        level = [span]
        for _ in range(min(depth or 0, len(trace.spans))):
            level = [child for one in level for child in children.get(one.span_id, ())]
            kept.update(child.span_id for child in level)
    return [row for row in rows if f"{row[2]:016x}" in kept]
