"""Traces: the OpenTelemetry SDK with an OTLP/HTTP exporter that gives up quickly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import Tracer
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

EXPORT_TIMEOUT_SECONDS = 1
EXPORT_EVERY_MS = 500
propagator = TraceContextTextMapPropagator()


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
    provider = TracerProvider(resource=Resource(dict(resource)), shutdown_on_exit=False)
    if exporter is None and url:
        exporter = OTLPSpanExporter(url, timeout=EXPORT_TIMEOUT_SECONDS)
    if exporter:
        provider.add_span_processor(
            BatchSpanProcessor(
                exporter, schedule_delay_millis=EXPORT_EVERY_MS, max_export_batch_size=512
            )
        )
    return Tracing(provider.get_tracer("sut"), provider)
