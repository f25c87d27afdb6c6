"""Traces: the OpenTelemetry SDK, exported by OTLP/HTTP; what is not taken at once is given up.

The SDK's own exporter brings `requests`: 4 MB of the services' parent, 2 to 3 of each service.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from http.client import HTTPException

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import RandomIdGenerator
from opentelemetry.trace import INVALID_TRACE_ID, Tracer, get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sut.shipping import HttpPost, Post

logger = logging.getLogger(__name__)

EXPORT_EVERY_MS = 1000
propagator = TraceContextTextMapPropagator()
_asked: ContextVar[int] = ContextVar("asked", default=INVALID_TRACE_ID)


class _AskedIds(RandomIdGenerator):
    """Random ids, but for a trace whose id was asked for by `begin_trace`."""

    def generate_trace_id(self) -> int:
        asked = _asked.get()
        _asked.set(INVALID_TRACE_ID)
        return super().generate_trace_id() if asked == INVALID_TRACE_ID else asked

    def is_trace_id_random(self) -> bool:
        return False


def begin_trace(sent: Context) -> Context:
    """Return the context of a root span; the next one has the trace id that was sent, if any."""
    _asked.set(get_current_span(sent).get_span_context().trace_id)
    return Context()


class SpanShipper(SpanExporter):
    """Posts spans, and says once that they are not taken."""

    def __init__(self, post: Post) -> None:
        self._post = post
        self._failing = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        trouble = self._send(encode_spans(spans).SerializeToString())
        if trouble and not self._failing:
            logger.warning("spans cannot be exported: %s", trouble)
        self._failing = bool(trouble)
        return SpanExportResult.FAILURE if trouble else SpanExportResult.SUCCESS

    def _send(self, body: bytes) -> str:
        try:
            status = self._post(body)
        except (OSError, HTTPException) as error:
            return f"{type(error).__name__}: {error}"
        return f"HTTP status {status}" if status >= 400 else ""


@dataclass(frozen=True)
class Tracing:
    """The tracer of this process and what ends it."""

    tracer: Tracer
    provider: TracerProvider

    def close(self) -> None:
        """Export what is queued and end the exporter's thread."""
        self.provider.shutdown()


def start_tracing(
    url: str, resource: Mapping[str, str], *, exporter: SpanExporter | None = None
) -> Tracing:
    """Return a tracer that exports to an address; without one to nowhere."""
    provider = TracerProvider(
        resource=Resource(dict(resource)), id_generator=_AskedIds(), shutdown_on_exit=False
    )
    if exporter is None and url:
        exporter = SpanShipper(HttpPost(url))
    if exporter:
        provider.add_span_processor(
            BatchSpanProcessor(
                exporter, schedule_delay_millis=EXPORT_EVERY_MS, max_export_batch_size=512
            )
        )
    return Tracing(provider.get_tracer("sut"), provider)
