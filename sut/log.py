"""JSON log lines: to stderr, and to a sink that ships them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
from opentelemetry import trace

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
request_scope: ContextVar[MutableMapping[str, Any] | None] = ContextVar(
    "request_scope", default=None
)
"""The ASGI scope of the request that is being served; its route is known once it is matched."""


@dataclass(frozen=True)
class Line:
    """One log line as it leaves: the JSON text and what a log store indexes."""

    time_ns: int
    level: str
    text: bytes
    trace_id: int
    span_id: int


def route_of(scope: MutableMapping[str, Any] | None) -> str:
    """Return the matched route's template (`/products/{product_id}`), or `''`."""
    return getattr(scope.get("route"), "path", "") if scope else ""


class Log:
    """Writes lines with level, message, trace ids, route and fields; never raises, never waits."""

    def __init__(self, stream: BinaryIO, ship: Callable[[Line], None] | None = None) -> None:
        self._stream = stream
        self._ship = ship
        self._least = LEVELS["info"]
        self.unwritten = 0
        """Lines that the stream refused (a full disk, a closed pipe)."""

    def set_level(self, level: str) -> None:
        """Drop what is less important than `level` from now on."""
        self._least = LEVELS[level]

    def debug(self, message: str, **fields: object) -> None:
        """Write what only helps while looking closely."""
        self.write("debug", message, fields)

    def info(self, message: str, **fields: object) -> None:
        """Write what normally happens."""
        self.write("info", message, fields)

    def warning(self, message: str, **fields: object) -> None:
        """Write what is not as it should be, while the work goes on."""
        self.write("warning", message, fields)

    def error(self, message: str, **fields: object) -> None:
        """Write what made a request or a task fail."""
        self.write("error", message, fields)

    def write(self, level: str, message: str, fields: dict[str, object]) -> None:
        """Write one line at a level."""
        if LEVELS[level] < self._least:
            return
        context = trace.get_current_span().get_span_context()
        now = time.time_ns()
        record: dict[str, object] = {"ts": now / 1e9, "level": level, "message": message}
        if context.is_valid:
            record["trace_id"] = f"{context.trace_id:032x}"
            record["span_id"] = f"{context.span_id:016x}"
        if route := route_of(request_scope.get()):
            record["http_route"] = route
        text = orjson.dumps(record | fields, default=str)
        try:
            self._stream.write(text + b"\n")
            self._stream.flush()
        except (OSError, ValueError):
            self.unwritten += 1
        if self._ship:
            self._ship(Line(now, level, text, context.trace_id, context.span_id))


class LibraryHandler(logging.Handler):
    """Hands warnings of the libraries (psycopg, uvicorn, the exporter) to the shop's log."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Write a library's record as one of ours."""
        level = "error" if record.levelno >= logging.ERROR else "warning"
        fields: dict[str, object] = {"logger": record.name}
        if record.exc_info and record.exc_info[1]:
            fields["error"] = f"{type(record.exc_info[1]).__name__}: {record.exc_info[1]}"
        self._log.write(level, record.getMessage(), fields)
