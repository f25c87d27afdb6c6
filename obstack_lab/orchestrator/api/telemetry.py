"""`/v1/telemetry/…`: the native query APIs of Prometheus, Loki and Tempo, read only, journalled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl

import httpx
from anyio import CancelScope
from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse

from obstack_lab.errors import EngineError, Timeout, UsageError
from obstack_lab.orchestrator.metrics import UNCOMPRESSED
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.question import Backend, Question, allowed, question, rows
from obstack_lab.orchestrator.store import store_of
from obstack_lab.review.journal import QueryEntry

_TIMEOUT = httpx.Timeout(30, connect=2)
_LARGEST_BODY = 1 << 20
_COUNTED = 1 << 20
"""Bytes of an answer up to which its rows are counted."""
_FORWARDED = ("accept", "content-type", "x-scope-orgid", "x-loki-response-encoding-flags")
_RETURNED = ("content-type",)


def router(lab: Orchestrator, transport: httpx.AsyncBaseTransport | None = None) -> APIRouter:
    """Return the routes; a transport stands in for the network in tests."""
    routes = APIRouter(prefix="/telemetry")
    http = httpx.AsyncClient(
        timeout=_TIMEOUT, trust_env=False, transport=transport, headers=UNCOMPRESSED
    )

    async def telemetry(backend: Backend, path: str, request: Request) -> StreamingResponse:
        """Return the native answer, byte for byte. Writing and administration do not pass."""
        if not allowed(backend, request.method, path):
            raise UsageError(
                f"{request.method} /{path} of {backend} is not open here: only its queries are."
            )
        body = await _body(request)
        params = dict(request.query_params) | _form(request, body)
        asked = question(backend, request.method, path, params)
        at = lab.stage.clock()
        engine = lab.stage.engine
        component = store_of(engine, backend)
        address = await run_in_threadpool(engine.address, component)
        answer = await _send(http, component, f"{address}/{path}", request, body)
        client = request.headers.get("x-obstack-client", "")

        async def stream() -> AsyncIterator[bytes]:
            kept = b""
            whole = True
            try:
                async for piece in answer.aiter_bytes():
                    whole = whole and len(kept) + len(piece) <= _COUNTED
                    kept = kept + piece if whole else b""
                    yield piece
            finally:
                with CancelScope(shield=True):
                    await answer.aclose()
                    if asked is not None:
                        entry = _entry(asked, at, client, answer.status_code, kept)
                        await run_in_threadpool(lab.asked, entry)

        headers = {name: answer.headers[name] for name in _RETURNED if name in answer.headers}
        return StreamingResponse(stream(), status_code=answer.status_code, headers=headers)

    for method in ("GET", "POST"):
        routes.add_api_route(
            "/{backend}/{path:path}",
            telemetry,
            methods=[method],
            response_model=None,
            operation_id=f"telemetry_{method.lower()}",
        )
    return routes


async def _body(request: Request) -> bytes:
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > _LARGEST_BODY:
            raise UsageError("The request is too large: a query has at most 1 MiB.")
    return body


def _form(request: Request, body: bytes) -> dict[str, str]:
    kind = request.headers.get("content-type", "").split(";")[0]
    if kind != "application/x-www-form-urlencoded":
        return {}
    return dict(parse_qsl(body.decode("utf-8", "replace")))


async def _send(
    http: httpx.AsyncClient, component: str, url: str, request: Request, body: bytes
) -> httpx.Response:
    headers = {name: request.headers[name] for name in _FORWARDED if name in request.headers}
    outgoing = http.build_request(
        request.method,
        url,
        params=request.url.query,
        headers=headers,
        content=body,
    )
    try:
        return await http.send(outgoing, stream=True)
    except httpx.TimeoutException as error:
        raise Timeout(f"{component} did not answer in time. Ask for less, or try again.") from error
    except httpx.TransportError as error:
        raise EngineError(
            f"{component} does not answer. Look at `./lab status`.", component=component
        ) from error


def _entry(asked: Question, at: float, client: str, status: int, body: bytes) -> QueryEntry:
    return QueryEntry(
        at=at,
        language=asked.language,
        query=asked.text,
        client=client,
        status=status,
        rows=rows(asked.language, body) if status < 400 and body else None,
    )
