"""Tells which requests to a telemetry API are a learner's questions, and what they ask."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

Language = Literal["promql", "logql", "traceql", "trace"]
Backend = Literal["prometheus", "loki", "tempo"]
_NAMES = r"[A-Za-z0-9_][A-Za-z0-9_.:%-]*"
_TAGS = rf"\.?{_NAMES}"
"""Tempo's names of attributes: one without a scope begins with a dot."""


@dataclass(frozen=True)
class Question:
    """A query as the journal keeps it."""

    language: Language
    text: str


@dataclass(frozen=True)
class _Route:
    path: re.Pattern[str]
    methods: frozenset[str]
    language: Language | None = None
    parameter: str = ""


def _route(
    path: str, *, methods: str = "GET", language: Language | None = None, parameter: str = ""
) -> _Route:
    return _Route(re.compile(path), frozenset(methods.split()), language, parameter)


_ALLOWED: Mapping[Backend, tuple[_Route, ...]] = {
    "prometheus": (
        _route(
            r"api/v1/query(_range|_exemplars)?",
            methods="GET POST",
            language="promql",
            parameter="query",
        ),
        _route(r"api/v1/(labels|series|format_query)", methods="GET POST"),
        _route(rf"api/v1/label/{_NAMES}/values"),
        _route(r"api/v1/(metadata|alerts|rules|targets)"),
        _route(r"api/v1/status/buildinfo"),
        _route(r"-/(ready|healthy)"),
    ),
    "loki": (
        _route(
            r"loki/api/v1/query(_range)?",
            methods="GET POST",
            language="logql",
            parameter="query",
        ),
        _route(r"loki/api/v1/(labels?|series)", methods="GET POST"),
        _route(rf"loki/api/v1/label/{_NAMES}/values"),
        _route(r"loki/api/v1/index/(stats|volume|volume_range)", methods="GET POST"),
        _route(r"loki/api/v1/(detected_labels|detected_fields|patterns)", methods="GET POST"),
        _route(rf"loki/api/v1/detected_field/{_NAMES}/values"),
        _route(r"loki/api/v1/(status/buildinfo|format_query)", methods="GET POST"),
        _route(r"ready"),
    ),
    "tempo": (
        _route(r"api/search", language="traceql", parameter="q"),
        _route(r"api/metrics/query(_range)?", language="traceql", parameter="q"),
        _route(rf"api(/v2)?/traces/{_NAMES}", language="trace"),
        _route(r"api(/v2)?/search/tags"),
        _route(rf"api(/v2)?/search/tag/{_TAGS}/values"),
        _route(r"api/(echo|status/buildinfo)"),
        _route(r"ready"),
    ),
}


def allowed(backend: Backend, method: str, path: str) -> bool:
    """Return whether a request may pass: reading only."""
    return _find(backend, method, path) is not None


def question(
    backend: Backend, method: str, path: str, params: Mapping[str, str]
) -> Question | None:
    """Return what a request asks, or None where it is no question (labels, health)."""
    route = _find(backend, method, path)
    if route is None or route.language is None:
        return None
    if route.language == "trace":
        return Question("trace", unquote(path.rsplit("/", 1)[-1]))
    return Question(route.language, params.get(route.parameter, ""))


def rows(language: Language, body: bytes) -> int | None:
    """Return how much an answer holds: series, lines or traces; None where that is not plain."""
    try:
        found: Any = json.loads(body)
        if language == "traceql":
            return len(found["traces"])
        if language == "trace":
            return len(found.get("batches") or found["trace"]["resourceSpans"])
        data = found["data"]
        results = data["result"]
        if data["resultType"] == "streams":
            return sum(len(stream["values"]) for stream in results)
        return len(results)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _find(backend: Backend, method: str, path: str) -> _Route | None:
    for route in _ALLOWED[backend]:
        if method in route.methods and route.path.fullmatch(path):
            return route
    return None
