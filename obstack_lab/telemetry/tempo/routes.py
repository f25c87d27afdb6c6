"""Which address of Tempo's API is answered by what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import duckdb
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.tempo.api import QUERY_SECONDS, Api
from obstack_lab.telemetry.tempo.deadline import QueryTimeout
from obstack_lab.telemetry.tempo.otlp import MOST_BYTES, PROTOBUF_TYPES, BadPayload, decode
from obstack_lab.telemetry.tempo.parameters import BadRequest
from obstack_lab.telemetry.tempo.reply import json_reply, refusal
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.errors import TraceQLError

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
"""Tempo does not look at the method."""

Handler: TypeAlias = Callable[[Request], Response]


def guarded(handler: Handler, database: Database) -> Handler:
    """Turn the errors of a handler into Tempo's plain texts, and end what takes too long."""

    def answer(request: Request) -> Response:
        try:
            with database.limited(QUERY_SECONDS):
                return handler(request)
        except BadRequest as error:
            return refusal(str(error), error.status)
        except TraceQLError as error:
            return refusal(str(error), 400)
        except RecursionError:
            return refusal("the query is nested too deeply", 400)
        except QueryTimeout as error:
            return refusal(str(error), 504)
        except duckdb.InterruptException:
            return refusal(str(QueryTimeout(QUERY_SECONDS)), 504)

    return answer


def receiver(store: SpanStore) -> Callable[[Request], Any]:
    """Return the endpoint that takes OTLP traces."""

    async def receive(request: Request) -> Response:
        media = request.headers.get("content-type", "")
        try:
            body = await limited_body(request)
            records = await run_in_threadpool(
                decode,
                body,
                content_type=media,
                encoding=request.headers.get("content-encoding", "").strip().lower(),
            )
        except BadPayload as error:
            return refusal(str(error), error.status)
        await run_in_threadpool(store.add, records)
        if media.split(";")[0].strip().lower() in PROTOBUF_TYPES:
            return Response(b"", media_type=media)
        return json_reply({"partialSuccess": {}})

    return receive


async def limited_body(request: Request) -> bytes:
    """Return the body; raises BadPayload when it is too large to be a push."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size > MOST_BYTES:
            raise BadPayload(f"the body is larger than {MOST_BYTES} bytes", status=413)
        parts.append(part)
    return b"".join(parts)


def not_found(request: Request) -> Response:
    """Answer what is no address of the API; a doubled slash is redirected."""
    path = request.url.path
    if "//" in path:
        while "//" in path:
            path = path.replace("//", "/")
        return Response(status_code=301, headers={"location": path})
    return refusal("404 page not found\n", 404)


def routes(database: Database) -> list[BaseRoute]:
    """Return the routes of Tempo's API and of OTLP traces over this database."""
    store = SpanStore(database)
    api = Api(store)
    receive = receiver(store)
    table: dict[str, Handler] = {
        "/api/traces/{trace_id}": api.trace_v1,
        "/api/v2/traces/{trace_id}": api.trace_v2,
        "/api/search": api.search,
        "/api/search/tags": api.tags_v1,
        "/api/v2/search/tags": api.tags_v2,
        "/api/search/tag/{tag:path}/values": api.values_v1,
        "/api/v2/search/tag/{tag:path}/values": api.values_v2,
        "/api/metrics/query_range": api.query_range,
        "/api/metrics/query": api.query_instant,
        "/api/echo": lambda _request: PlainTextResponse("echo"),
        "/api/status/buildinfo": api.build_info,
    }
    return [
        Route("/api/search/tag//values", not_found, methods=METHODS),
        Route("/api/v2/search/tag//values", not_found, methods=METHODS),
        Route("/v1/traces", receive, methods=["POST"]),
        Route("/otlp/v1/traces", receive, methods=["POST"]),
        *(
            Route(path, guarded(handler, database), methods=METHODS)
            for path, handler in table.items()
        ),
        Route("/api/{rest:path}", not_found, methods=METHODS),
    ]
