"""Telemetry to explore: four requests of a shop, one of which tries to write HTML everywhere."""

from __future__ import annotations

import json

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

PAYLOADS = (
    "<img src=x onerror=\"document.title='hit'\">",
    "<script>document.title='hit'</script>",
    "<svg onload=document.title='hit'>",
    '"><iframe srcdoc="<script>parent.document.title=\'hit\'</script>">',
    "javascript:document.title='hit'",
    "{{constructor.constructor('document.title=1')()}}",
    "<b>bold</b>",
)
FRIENDLY = "00000000000000000000000000000abc"
HOSTILE = "00000000000000000000000000000bad"
MILLISECOND = 1_000_000


def log_push(now: int, *, hostile: bool) -> dict[str, object]:
    """Return a push of Loki's: lines of two services, a millisecond and less apart."""
    streams = []
    for service, offset in (("gateway", 0), ("orders", 1)):
        values = []
        for number in range(30):
            line = {
                "level": ("info", "warning", "error")[number % 3],
                "message": f"line {number} of {service}",
                "trace_id": FRIENDLY,
                "span_id": f"{offset + 1:016x}",
                "http_route": "/orders",
            }
            at = now - (30 - number) * 10 * MILLISECOND + offset * 3
            values.append([str(at), json.dumps(line)])
        streams.append({"stream": {"service_name": service}, "values": values})
    if hostile:
        values = [
            [
                str(now + number),
                json.dumps({"level": text, "message": text, text: text, "trace_id": HOSTILE}),
            ]
            for number, text in enumerate(PAYLOADS)
        ]
        values += [[str(now + 100 + n), text] for n, text in enumerate(PAYLOADS)]
        streams.append({"stream": {"service_name": PAYLOADS[0]}, "values": values})
    return {"streams": streams}


def trace_push(now: int, *, hostile: bool) -> bytes:
    """Return an OTLP push: a request through two services, and one whose names are HTML."""
    resources = [
        _resource("gateway", [_span(FRIENDLY, 1, None, "POST /orders", now - 900 * MILLISECOND)]),
        _resource("orders", [_span(FRIENDLY, 2, 1, "INSERT orders", now - 800 * MILLISECOND)]),
    ]
    if hostile:
        spans = [
            _span(HOSTILE, 10 + n, 10 if n else None, text, now - 700 * MILLISECOND, text=text)
            for n, text in enumerate(PAYLOADS)
        ]
        resources.append(_resource(PAYLOADS[0], spans))
    request: bytes = ExportTraceServiceRequest(resource_spans=resources).SerializeToString()
    return request


def metric_answer(start: float, end: float, *, hostile: bool) -> dict[str, object]:
    """Return what Prometheus answers to a range query."""
    names = ["gateway", "orders", *(PAYLOADS if hostile else ())]
    step = max(1.0, (end - start) / 60)
    times = [start + step * number for number in range(60)]
    result = [
        {
            "metric": {"service_name": name},
            "values": [[at, str(5 + place + (at % 7))] for at in times],
        }
        for place, name in enumerate(names)
    ]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}}


def _resource(service: str, spans: list[Span]) -> ResourceSpans:
    resource = Resource(attributes=[_text("service.name", service)])
    return ResourceSpans(resource=resource, scope_spans=[ScopeSpans(spans=spans)])


def _span(
    trace: str, number: int, parent: int | None, name: str, start: int, *, text: str = "plain"
) -> Span:
    span = Span(
        trace_id=bytes.fromhex(trace),
        span_id=number.to_bytes(8, "big"),
        parent_span_id=b"" if parent is None else parent.to_bytes(8, "big"),
        name=name,
        kind=Span.SPAN_KIND_SERVER,
        start_time_unix_nano=start,
        end_time_unix_nano=start + (100 + number) * MILLISECOND,
        attributes=[_text("http.route", text), _text(text[:40], text)],
        status=Status(code=Status.STATUS_CODE_ERROR if number > 1 else Status.STATUS_CODE_OK),
    )
    span.attributes.append(KeyValue(key="share", value=AnyValue(double_value=0.25)))
    span.events.add(name=text, time_unix_nano=start, attributes=[_text("message", text)])
    return span


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))
