"""The handlers behind the addresses: parameters in, answers out."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request as HttpRequest
from starlette.responses import Response

from obstack_lab.telemetry.tempo import parameters, trace_lookup
from obstack_lab.telemetry.tempo.deadline import Deadline
from obstack_lab.telemetry.tempo.legacy_search import legacy_search, parse_tags
from obstack_lab.telemetry.tempo.metrics_query import query_series
from obstack_lab.telemetry.tempo.metrics_reply import (
    REMOTE,
    exemplars_of,
    instant_document,
    instant_of,
    intervals_of,
    metrics_of,
    range_document,
    step_of,
    time_range,
)
from obstack_lab.telemetry.tempo.parameters import BadRequest
from obstack_lab.telemetry.tempo.reply import json_reply
from obstack_lab.telemetry.tempo.search import search
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.tempo.tag_filter import TagFilter
from obstack_lab.telemetry.tempo.tag_values import field_of, plain_values, typed_values
from obstack_lab.telemetry.tempo.tags import checked_scope, tag_names
from obstack_lab.telemetry.traceql.errors import TraceQLError
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.series import Intervals, Series
from obstack_lab.telemetry.traceql.syntax import MetricsNode, MetricsQuery, Pipeline
from obstack_lab.telemetry.traceql.validator import validate

QUERY_SECONDS = 4.5
BUILD = {
    "version": "3.0.0",
    "revision": "obstack-lab",
    "branch": "main",
    "buildUser": "",
    "buildDate": "",
    "goVersion": "",
}


class Api:
    """Answers Tempo's requests over one store."""

    def __init__(self, store: SpanStore, *, query_seconds: float = QUERY_SECONDS) -> None:
        self.store = store
        self.query_seconds = query_seconds

    def build_info(self, _request: HttpRequest) -> Response:
        """Say which Tempo's API this is."""
        return json_reply(BUILD)

    def trace_v1(self, request: HttpRequest) -> Response:
        """Answer `/api/traces/{id}`."""
        return trace_lookup.trace_v1(self.store, request)

    def trace_v2(self, request: HttpRequest) -> Response:
        """Answer `/api/v2/traces/{id}`."""
        return trace_lookup.trace_v2(self.store, request)

    def search(self, request: HttpRequest) -> Response:
        """Answer `/api/search`, by TraceQL or by tags."""
        given = request.query_params
        window = parameters.search_window(given)
        limit = parameters.search_limit(given)
        spans_per_set = parameters.spans_per_set(given)
        text, tags = given.get("q", ""), given.get("tags", "")
        if text and tags:
            raise BadRequest("invalid request: can't specify tags and q in the same query")
        deadline = Deadline(self.query_seconds)
        if text:
            found = search(
                self.store,
                spans_query(text),
                window=window,
                limit=limit,
                spans_per_set=spans_per_set,
                deadline=deadline,
            )
        else:
            found = legacy_search(
                self.store,
                parse_tags(tags),
                shortest=parameters.duration(given, "minDuration"),
                longest=parameters.duration(given, "maxDuration"),
                window=window,
                limit=limit,
                deadline=deadline,
            )
        return json_reply({"traces": found, "metrics": {"completedJobs": 1, "totalJobs": 1}})

    def tags_v1(self, request: HttpRequest) -> Response:
        """Answer `/api/search/tags`: the names of all scopes in one list."""
        given = request.query_params
        scope = checked_scope(given.get("scope", ""))
        parameters.tags_window(given)
        names = tag_names(self.store, scope, self._chosen(""))
        if not scope:
            names.pop("intrinsic", None)
        every = sorted({name for group in names.values() for name in group})
        return json_reply({"tagNames": every[: _limit(given) or None], "metrics": {}})

    def tags_v2(self, request: HttpRequest) -> Response:
        """Answer `/api/v2/search/tags`: the names by scope."""
        given = request.query_params
        scope = checked_scope(given.get("scope", ""))
        parameters.tags_window(given)
        names = tag_names(self.store, scope, self._chosen(given.get("q", "")))
        limit = _limit(given)
        scopes = [{"name": name, "tags": tags[: limit or None]} for name, tags in names.items()]
        return json_reply({"scopes": scopes, "metrics": {}})

    def values_v1(self, request: HttpRequest) -> Response:
        """Answer `/api/search/tag/{tag}/values`."""
        given = request.query_params
        limit = parameters.values_limit(given)
        parameters.tags_window(given)
        found = plain_values(self.store, request.path_params["tag"], self._chosen(""))
        return json_reply({"tagValues": found[: limit or None], "metrics": {}})

    def values_v2(self, request: HttpRequest) -> Response:
        """Answer `/api/v2/search/tag/{tag}/values`."""
        given = request.query_params
        target = field_of(request.path_params["tag"])
        limit = parameters.values_limit(given)
        parameters.tags_window(given)
        found = typed_values(self.store, target, self._chosen(given.get("q", "")))
        return json_reply({"tagValues": found[: limit or None], "metrics": {}})

    def _chosen(self, text: str) -> TagFilter:
        self.store.flush()
        return TagFilter(self.store, text, Deadline(self.query_seconds))

    def query_range(self, request: HttpRequest) -> Response:
        """Answer `/api/metrics/query_range`."""
        given = request.query_params
        node, hints = metrics_of(given.get("q") or given.get("query", ""), instant=False)
        asked = time_range(given, prefix=REMOTE)
        intervals = intervals_of(asked, step_of(given, asked))
        most = exemplars_of(given, hints)
        series = self._series(node, intervals, exemplars=most)
        return json_reply(range_document(series, intervals, exemplars=most))

    def query_instant(self, request: HttpRequest) -> Response:
        """Answer `/api/metrics/query`."""
        given = request.query_params
        node, _ = metrics_of(given.get("q") or given.get("query", ""), instant=True)
        intervals = instant_of(time_range(given, prefix=""))
        return json_reply(instant_document(self._series(node, intervals, exemplars=0)))

    def _series(self, node: MetricsNode, intervals: Intervals, *, exemplars: int) -> list[Series]:
        deadline = Deadline(self.query_seconds)
        return query_series(self.store, node, intervals, deadline, exemplars=exemplars)


def _limit(given: Mapping[str, str]) -> int:
    """Return how many names are wanted, 0 for all; what is no number is ignored."""
    text = given.get("limit", "")
    return int(text) if text.isdigit() else 0


def spans_query(text: str) -> Pipeline:
    """Return the pipeline of a search query; of a metrics query the part before its function."""
    try:
        query = parse(text)
        validate(query)
    except TraceQLError as error:
        raise BadRequest(f"invalid TraceQL query: {error}") from error
    if query.pipeline is not None:
        return query.pipeline
    node = query.metrics
    while node is not None and not isinstance(node, MetricsQuery):
        node = getattr(node, "left", None)
    if node is None:
        raise BadRequest("invalid TraceQL query: no spans are asked for")
    return node.pipeline
