"""What is recorded of every request: a server span, metrics with an exemplar, an access line."""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from typing import Any

from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import SpanKind, Status, StatusCode
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sut.log import request_scope, route_of
from sut.telemetry import Telemetry
from sut.tracing import begin_trace, propagator

UNRECORDED = frozenset({"/healthz", "/readyz", "/metrics", "/config", "/config/schema", "/cache"})
"""The operators' own endpoints, asked by machines; they would be mixed up with users' requests."""


class _HeaderGetter(Getter[Scope]):
    def get(self, carrier: Scope, key: str) -> list[str] | None:
        wanted = key.encode()
        values = [value.decode("latin-1") for name, value in carrier["headers"] if name == wanted]
        return values or None

    def keys(self, carrier: Scope) -> list[str]:
        return [name.decode("latin-1") for name, _ in carrier["headers"]]


_headers = _HeaderGetter()


class Access:
    """ASGI middleware around the whole application.

    At an `entrance` the span is its trace's root, under the trace id that the user has sent: users
    record no spans, and who asks for the parts of a trace needs one that is its beginning.
    """

    def __init__(self, app: ASGIApp, telemetry: Telemetry, *, entrance: bool = False) -> None:
        self._app = app
        self._telemetry = telemetry
        self._entrance = entrance

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request and record it."""
        if scope["type"] != "http" or scope["path"] in UNRECORDED:
            await self._app(scope, receive, send)
            return
        metrics = self._telemetry.metrics
        method = scope["method"]
        active = metrics.active_requests.labels(method)
        started = time.perf_counter()
        status = 500

        async def record_status(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        context = propagator.extract(scope, getter=_headers)
        token = request_scope.set(scope)
        active.inc()
        try:
            with self._telemetry.tracer.start_as_current_span(
                method,
                context=begin_trace(context) if self._entrance else context,
                kind=SpanKind.SERVER,
                attributes={"http.request.method": method, "url.path": scope["path"]},
            ) as span:
                try:
                    await self._app(scope, receive, record_status)
                except Exception as error:  # noqa: BLE001 the application has answered 500 and logged it
                    span.record_exception(error)
                finally:
                    seconds = time.perf_counter() - started
                    route = route_of(scope) or "unmatched"
                    span.update_name(f"{method} {route}")
                    span.set_attribute("http.route", route)
                    span.set_attribute("http.response.status_code", status)
                    if status >= 500:
                        span.set_status(Status(StatusCode.ERROR))
                    trace_id = f"{span.get_span_context().trace_id:032x}"
                    metrics.request_seconds.labels(route, method, str(status)).observe(
                        seconds, {"trace_id": trace_id}
                    )
                    self._write_line(scope, status, seconds)
        finally:
            active.dec()
            request_scope.reset(token)

    def _write_line(self, scope: MutableMapping[str, Any], status: int, seconds: float) -> None:
        level = "error" if status >= 500 else "info"
        fields: dict[str, object] = {
            "http_request_method": scope["method"],
            "url_path": scope["path"],
            "http_response_status_code": status,
            "duration_ms": round(seconds * 1000, 2),
        }
        if query := scope.get("query_string"):
            fields["url_query"] = query.decode("latin-1")
        self._telemetry.log.write(level, "request", fields)
