"""Which address of Loki's API is answered by what."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import duckdb
from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route, WebSocketRoute
from starlette.websockets import WebSocket

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.logql.errors import DeadlinePassed, LogqlError
from obstack_lab.telemetry.logql.formatter import pretty
from obstack_lab.telemetry.logql.validate import parse
from obstack_lab.telemetry.loki import answer, body, otlp, push, tail
from obstack_lab.telemetry.loki.detected import DetectedService
from obstack_lab.telemetry.loki.label import LabelService
from obstack_lab.telemetry.loki.lines import LineReader
from obstack_lab.telemetry.loki.query import (
    DEADLINE_SECONDS,
    MOST_ENTRIES,
    MOST_SERIES,
    QueryService,
)
from obstack_lab.telemetry.loki.query import Request as Query
from obstack_lab.telemetry.loki.record import Batch, Refused
from obstack_lab.telemetry.loki.source import StoreSource
from obstack_lab.telemetry.loki.store import LogStore

BUILD = {
    "version": "3.7.0",
    "revision": "obstack-lab",
    "branch": "main",
    "buildUser": "",
    "buildDate": "",
    "goVersion": "",
}
LIMITS = {
    "limits": {
        "discover_log_levels": True,
        "max_entries_limit_per_query": MOST_ENTRIES,
        "max_line_size_truncate": False,
        "max_query_bytes_read": "0B",
        "max_query_length": "30d1h",
        "max_query_series": MOST_SERIES,
        "query_timeout": f"{DEADLINE_SECONDS:g}s",
        "volume_enabled": True,
    },
    "pattern_ingester_enabled": False,
    "version": BUILD["version"],
}
Result = TypeVar("Result")
Handler = Callable[[Request], Awaitable[Response]]
_ENCODING_FLAGS = "x-loki-response-encoding-flags"


def guarded(handler: Handler) -> Handler:
    """Answer what the asker did wrong with its text and status."""

    async def call(request: Request) -> Response:
        try:
            return await handler(request)
        except Refused as error:
            return answer.failure(str(error), error.status)
        except DeadlinePassed as error:
            return answer.failure(str(error), 504)
        except duckdb.InterruptException:
            return answer.failure(str(DeadlinePassed(DEADLINE_SECONDS)), 504)
        except LogqlError as error:
            return answer.failure(str(error), 400)

    return call


async def parameters(request: Request) -> list[tuple[str, str]]:
    """Return the query's and the form's parameters, the form's first."""
    pairs = list(request.query_params.multi_items())
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if request.method == "POST" and kind == "application/x-www-form-urlencoded":
        form = (await body.read(request)).decode("utf-8", "replace")
        try:
            pairs = parse_qsl(form, keep_blank_values=True, max_num_fields=1000) + pairs
        except ValueError as error:
            raise Refused("too many parameters") from error
    return pairs


def first(pairs: list[tuple[str, str]]) -> dict[str, str]:
    """Return the first value of each parameter."""
    found: dict[str, str] = {}
    for name, value in pairs:
        found.setdefault(name, value)
    return found


class _Face:
    """The handlers over one store."""

    def __init__(self, store: LogStore) -> None:
        self.store = store
        self.queries = QueryService(StoreSource(store), LineReader(store))
        self.labels = LabelService(store)
        self.detected = DetectedService(LineReader(store))

    async def query_range(self, request: Request) -> Response:
        query = await self._query(request)
        return answer.success(await self._read(self.queries.range, query))

    async def query(self, request: Request) -> Response:
        query = await self._query(request)
        return answer.success(await self._read(self.queries.instant, query))

    async def _query(self, request: Request) -> Query:
        flags = request.headers.get(_ENCODING_FLAGS, "")
        given = first(await parameters(request))
        return Query(given, answer.CATEGORIZE in flags.split(","))

    async def _read(self, function: Callable[..., Result], *given: Any) -> Result:
        """Call what reads the store in a thread, and end it when it takes too long."""

        def call() -> Result:
            with self.store.database.limited(DEADLINE_SECONDS):
                return function(*given)

        return await to_thread.run_sync(call)

    async def label_names(self, request: Request) -> Response:
        given = first(await parameters(request))
        return answer.success(self.labels.names(lambda name: given.get(name, "")))

    async def label_values(self, request: Request) -> Response:
        given = first(await parameters(request))
        name = request.path_params["name"]
        return answer.success(self.labels.values(lambda key: given.get(key, ""), name))

    async def series(self, request: Request) -> Response:
        pairs = await parameters(request)
        given = first(pairs)
        matches = [value for name, value in pairs if name in ("match[]", "match")]
        return answer.success(self.labels.series(lambda name: given.get(name, ""), matches))

    async def stats(self, request: Request) -> Response:
        given = first(await parameters(request))
        return answer.json_answer(
            await self._read(self.labels.stats, lambda name: given.get(name, ""))
        )

    async def volume(self, request: Request) -> Response:
        given = first(await parameters(request))
        return answer.success(
            await self._read(self.labels.volume, lambda name: given.get(name, ""))
        )

    async def volume_range(self, request: Request) -> Response:
        given = first(await parameters(request))
        return answer.success(
            await self._read(self.labels.volume_range, lambda name: given.get(name, ""))
        )

    async def detected_labels(self, request: Request) -> Response:
        given = first(await parameters(request))
        return answer.json_answer(self.labels.detected_labels(lambda name: given.get(name, "")))

    async def detected_fields(self, request: Request) -> Response:
        given = first(await parameters(request))
        return answer.json_answer(
            await self._read(self.detected.fields, lambda name: given.get(name, ""))
        )

    async def detected_values(self, request: Request) -> Response:
        given = first(await parameters(request))
        name = request.path_params["name"]
        return answer.json_answer(
            await self._read(self.detected.values, lambda key: given.get(key, ""), name)
        )

    async def patterns(self, request: Request) -> Response:
        """Answer that no patterns are mined, after checking the question."""
        given = first(await parameters(request))
        parse(given.get("query", ""))
        return answer.success([])

    async def drilldown_limits(self, _request: Request) -> Response:
        return answer.json_answer(LIMITS)

    async def format_query(self, request: Request) -> Response:
        given = first(await parameters(request))
        try:
            return answer.success(pretty(parse(given.get("query", ""))))
        except LogqlError as error:
            return answer.json_answer({"status": "invalid-query", "error": str(error)}, 400)

    async def tail(self, socket: WebSocket) -> None:
        await tail.serve(socket, self.store)

    async def no_socket(self, request: Request) -> Response:
        given = first(await parameters(request))
        tail.tail_query(lambda name: given.get(name, ""))
        return answer.failure("Bad Request", 400)

    async def push(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not kind:
            raise Refused("mime: no media type")
        content = await body.read(request)
        reader = push.parse_json if kind == "application/json" else push.parse_protobuf
        await to_thread.run_sync(self._take, reader, content)
        return Response(status_code=204)

    async def otlp_logs(self, request: Request) -> Response:
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in ("application/json", "application/x-protobuf"):
            raise Refused(f"content type: {kind} is not supported")
        content = await body.read(request)
        is_json = kind == "application/json"
        reader = otlp.parse_json if is_json else otlp.parse_protobuf
        await to_thread.run_sync(self._take, reader, content)
        if request.url.path == "/otlp/v1/logs":
            return Response(status_code=204)
        return Response(b"{}" if is_json else b"", media_type=kind)

    def _take(self, reader: Callable[[bytes], list[Batch]], content: bytes) -> None:
        batches = reader(content)
        push.check(batches)
        self.store.append(batches)


async def build_info(_request: Request) -> Response:
    """Answer as a Loki of the version whose language this store speaks."""
    return answer.json_answer(BUILD)


async def no_label(_request: Request) -> Response:
    """Send the address without a label's name to the one that Go's router would make of it."""
    return RedirectResponse("/loki/api/v1/label/values", status_code=301)


def routes(database: Database) -> list[BaseRoute]:
    """Return the routes of Loki's API over this database."""
    store = LogStore(database)
    database.register(store)
    face = _Face(store)
    both = ["GET", "POST"]
    api = "/loki/api/v1"

    def route(path: str, handler: Handler, *methods: str) -> Route:
        return Route(path, guarded(handler), methods=list(methods))

    return [
        route(f"{api}/status/buildinfo", build_info, "GET"),
        route(f"{api}/push", face.push, "POST"),
        route("/otlp/v1/logs", face.otlp_logs, "POST"),
        route("/v1/logs", face.otlp_logs, "POST"),
        route(f"{api}/query_range", face.query_range, *both),
        route(f"{api}/query", face.query, *both),
        route(f"{api}/labels", face.label_names, *both),
        route(f"{api}/label", face.label_names, *both),
        route(f"{api}/label//values", no_label, "GET"),
        route(f"{api}/label/{{name}}/values", face.label_values, *both),
        route(f"{api}/series", face.series, *both),
        route(f"{api}/index/stats", face.stats, *both),
        route(f"{api}/index/volume", face.volume, *both),
        route(f"{api}/index/volume_range", face.volume_range, *both),
        route(f"{api}/detected_labels", face.detected_labels, *both),
        route(f"{api}/detected_fields", face.detected_fields, *both),
        route(f"{api}/detected_field/{{name}}/values", face.detected_values, *both),
        route(f"{api}/patterns", face.patterns, *both),
        route(f"{api}/drilldown-limits", face.drilldown_limits, "GET"),
        WebSocketRoute(f"{api}/tail", face.tail),
        route(f"{api}/tail", face.no_socket, "GET"),
        route(f"{api}/format_query", face.format_query, *both),
    ]
