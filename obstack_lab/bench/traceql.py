"""The trace store: pushing 200,000 spans, asking all questions, finding what has just come."""

from __future__ import annotations

import time
from collections.abc import Sequence
from random import Random
from typing import Any

import httpx

from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.question import Question, asked, questions
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.span_batch import SPANS, push, pushes, trace_id
from obstack_lab.bench.store import Store, store

TRACES = 20_000
_LIMIT = 20
_PUSH = "/v1/traces"
_PROTOBUF = "application/x-protobuf"
_SECOND = 1_000_000_000


def measure(setting: Setting) -> Measured:
    """Fill a store and ask it."""
    traces = setting.many(TRACES, 2_000)
    end = time.time_ns()
    with store(setting) as under:
        empty = under.memory()
        rate = under.push(_PUSH, pushes(traces, end), _PROTOBUF, setting)
        figures = {
            "traceql_push": figure(
                "spans pushed a second, OTLP",
                [rate],
                "spans/s",
                n=traces * SPANS,
                beside={"Tempo": 31_000},
            )
        }
        for question in questions("traceql"):
            setting.tell(question.title)
            figures[question.name] = _ask(under, question, traces, end, setting)
        figures["traceql_memory"] = figure(
            f"the store's memory after {traces * SPANS:,} spans, PSS",
            [full := under.memory()],
            "MB",
            parts={"empty": empty, "data and buffers": full - empty},
            beside={"Tempo": 430},
        )
        figures["traceql_visible"] = _visible(under, traces, setting)
    return Measured(figures)


def _ask(under: Store, question: Question, traces: int, end: int, setting: Setting) -> Figure:
    turn = iter(range(traces))
    window = {"start": end // _SECOND - 3600, "end": end // _SECOND}

    def ask() -> httpx.Response:
        if question.kind == "trace":  # another one each time
            return under.http.get(f"/api/v2/traces/{trace_id(7 * next(turn)).hex()}")
        if question.kind == "values":
            return under.http.get(f"/api/v2/search/tag/{question.query}/values", params=window)
        if question.kind == "metrics":
            parameters: dict[str, str | int] = {"q": question.query, **window}
            return under.http.get("/api/metrics/query_range", params=parameters)
        parameters = {"q": question.query, "limit": _LIMIT, **window}
        return under.http.get("/api/search", params=parameters)

    return asked(question, ask, _found, times=setting.many(15, 3))


def _found(answer: Any) -> Sequence[Any]:
    """Return whatever list the answer is made of."""
    for key in ("traces", "series", "tagValues"):
        if key in answer:
            return list(answer[key])
    return list(answer.get("trace", {}).get("resourceSpans", ()))


def _visible(under: Store, traces: int, setting: Setting) -> Figure:
    samples = []
    for turn in range(setting.many(10, 3)):
        number = 1_000_000 * traces + turn
        identity = trace_id(number).hex()
        query = {"q": f'{{ trace:id = "{identity}" }}'}

        def seen(query: dict[str, str] = query) -> bool:
            answer = under.http.get("/api/search", params=query)
            return answer.is_success and bool(_found(answer.json()))

        body = push({number: time.time_ns() - _SECOND}, Random(turn))  # noqa: S311 - no secret
        samples.append(under.seen_after(_PUSH, body, _PROTOBUF, seen))
    return figure(
        "a trace pushed, until a search finds it",
        samples,
        "s",
        of="worst",
        budget=BUDGETS["traceql_visible"],
    )
