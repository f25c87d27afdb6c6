"""`/api/search` without TraceQL: `tags=key=value …`, `minDuration`, `maxDuration`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from obstack_lab.telemetry.tempo.answer import summary
from obstack_lab.telemetry.tempo.deadline import Deadline
from obstack_lab.telemetry.tempo.parameters import BadRequest
from obstack_lab.telemetry.tempo.planner import Plan, Window
from obstack_lab.telemetry.tempo.search import overlaps
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql import dedicated
from obstack_lab.telemetry.traceql.conditions import Request
from obstack_lab.telemetry.traceql.span import Span, Trace
from obstack_lab.telemetry.traceql.static import Value
from obstack_lab.telemetry.traceql.syntax import Filter, Pipeline, Static

_PAIR = re.compile(r'\s*([^\s="]+)(=("(?:[^"\\]|\\.)*"|[^\s="]*))?')
_EVERYTHING = Pipeline((Filter(Static(True)),))


def parse_tags(text: str) -> dict[str, str]:
    """Return the pairs of a logfmt line; raises BadRequest."""
    out: dict[str, str] = {}
    at = 0
    while at < len(text.rstrip()):
        pair = _PAIR.match(text, at)
        if pair is None or (pair.end() < len(text) and not text[pair.end()].isspace()):
            at = pair.end() if pair else at
            char = text[at]
            raise BadRequest(f"invalid tags: unexpected {char!r} at pos {at + 1}")
        value = pair.group(3) or ""
        if value.startswith('"'):
            value = re.sub(r"\\(.)", r"\1", value[1:-1])
        out[pair.group(1)] = value
        at = pair.end()
    return out


def legacy_search(
    store: SpanStore,
    tags: dict[str, str],
    *,
    shortest: int,
    longest: int,
    window: Window | None,
    limit: int,
    deadline: Deadline,
) -> list[dict[str, Any]]:
    """Return traces of which each tag is a part of some span's value; without span sets."""
    tests = [_test(key, value) for key, value in tags.items()]
    out: list[dict[str, Any]] = []
    for page in Plan(store, _EVERYTHING, Request(), window).traces():
        deadline.check()
        for trace in page:
            milliseconds = trace.duration // 10**6
            if not overlaps(trace, window) or milliseconds < shortest // 10**6:
                continue
            if longest >= 10**6 and milliseconds > longest // 10**6:
                continue
            if all(test(trace) for test in tests):
                out.append(summary(trace))
                if len(out) >= limit:
                    return out
    return out


def _values(span: Span, key: str) -> list[Value]:
    """Return what a key has in a span, and in its resource where that has a column for it."""
    found = [span.attributes.get(key)]
    if key in dedicated.RESOURCE:
        found.append(span.resource.attributes.get(key))
    return found


def _test(key: str, wanted: str) -> Callable[[Trace], bool]:
    if key in ("root.name", "root.service.name"):
        if key == "root.name":
            return lambda trace: wanted in trace.root_name
        return lambda trace: wanted in trace.root_service
    if key in ("status", "error", "kind", "statusMessage", "status.code"):
        return lambda _trace: False

    def found(span: Span) -> bool:
        if key == "name":
            return wanted in span.name
        if any(isinstance(value, str) and wanted in value for value in _values(span, key)):
            return True
        number = span.attributes.get(key) if key == "http.status_code" else None
        return type(number) is int and str(number) == wanted

    return lambda trace: any(found(span) for span in trace.spans)
