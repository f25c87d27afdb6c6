"""Where a user's trace begins, and what goes on with it."""

from __future__ import annotations

import asyncio
import io

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from sut.access import Access
from sut.log import Log
from sut.metrics import Metrics
from sut.telemetry import Telemetry
from sut.tracing import propagator, start_tracing

TRACE = 0x0AF7651916CD43DD8448EB211C80319C
USER = 0xB7AD6B7169203331
SENT = {"traceparent": f"00-{TRACE:032x}-{USER:016x}-01"}


async def pass_on(_: Request) -> JSONResponse:
    carrier: dict[str, str] = {}
    propagator.inject(carrier)
    return JSONResponse(carrier)


def spans(*asked: dict[str, str], entrance: bool) -> tuple[list[ReadableSpan], list[str]]:
    exporter = InMemorySpanExporter()
    telemetry = Telemetry(Log(io.BytesIO()), Metrics(), start_tracing("", {}, exporter=exporter))
    app = Access(Starlette(routes=[Route("/orders", pass_on)]), telemetry, entrance=entrance)

    async def ask() -> list[str]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway") as client:
            return [
                (await client.get("/orders", headers=each)).json()["traceparent"] for each in asked
            ]

    passed_on = asyncio.run(ask())
    telemetry.close()
    return list(exporter.get_finished_spans()), passed_on


def test_a_users_trace_begins_at_the_entrance_under_the_id_that_was_sent() -> None:
    (span,), (passed_on,) = spans(SENT, entrance=True)
    assert span.parent is None
    assert span.context.trace_id == TRACE
    assert passed_on == f"00-{TRACE:032x}-{span.context.span_id:016x}-01"


def test_behind_the_entrance_a_span_is_its_callers_child() -> None:
    (span,), _ = spans(SENT, entrance=False)
    assert span.parent is not None
    assert (span.parent.trace_id, span.parent.span_id) == (TRACE, USER)


@pytest.mark.parametrize("headers", [{}, {"traceparent": "00-zz-zz-01"}])
def test_who_sends_no_trace_id_gets_a_new_one(headers: dict[str, str]) -> None:
    found, _ = spans(SENT, headers, headers, entrance=True)
    ids = {span.context.trace_id for span in found}
    assert len(ids) == 3
    assert all(span.parent is None for span in found)
