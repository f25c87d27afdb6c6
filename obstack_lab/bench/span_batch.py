"""Traces to measure with: ten spans each over an hour, four services, seeded; as OTLP protobuf."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import ResourceSpans, ScopeSpans, Span, Status

HOUR = 3_600_000_000_000
SPANS = 10
_MILLISECOND = 1_000_000
_SERVICES = ("gateway", "orders", "inventory", "worker")
# Service, name, kind and parent (its place in this list) of each span of a trace.
_SHAPE = (
    (0, "POST /orders", Span.SPAN_KIND_SERVER, None),
    (0, "POST", Span.SPAN_KIND_CLIENT, 0),
    (1, "POST /orders", Span.SPAN_KIND_SERVER, 1),
    (1, "BEGIN", Span.SPAN_KIND_CLIENT, 2),
    (1, "GET", Span.SPAN_KIND_CLIENT, 2),
    (2, "GET /stock", Span.SPAN_KIND_SERVER, 4),
    (2, "SELECT stock", Span.SPAN_KIND_CLIENT, 5),
    (1, "INSERT orders", Span.SPAN_KIND_CLIENT, 2),
    (1, "COMMIT", Span.SPAN_KIND_CLIENT, 2),
    (3, "send mail", Span.SPAN_KIND_CONSUMER, 2),
)


def trace_id(number: int) -> bytes:
    """Return the id of a trace."""
    return Random(number).randbytes(16)  # noqa: S311 - a data set, no secret


def pushes(traces: int, end: int, *, size: int = 200) -> Iterator[tuple[int, bytes]]:
    """Yield OTLP bodies with the number of spans in each; the traces fill the hour before `end`."""
    dice = Random(2)  # noqa: S311 - a data set, no secret
    for first in range(0, traces, size):
        numbers = range(first, min(first + size, traces))
        starts = {number: end - HOUR + HOUR * number // traces for number in numbers}
        yield len(numbers) * SPANS, push(starts, dice)


def push(starts: dict[int, int], dice: Random) -> bytes:
    """Return one push of the traces with these numbers, each at its start in nanoseconds."""
    scopes = [ScopeSpans() for _ in _SERVICES]
    for number, start in starts.items():
        _trace(scopes, number, start, dice)
    resources = [
        ResourceSpans(
            resource=Resource(attributes=[_text("service.name", service)]), scope_spans=[scope]
        )
        for service, scope in zip(_SERVICES, scopes, strict=True)
    ]
    message: bytes = ExportTraceServiceRequest(resource_spans=resources).SerializeToString()
    return message


def _trace(scopes: list[ScopeSpans], number: int, start: int, dice: Random) -> None:
    identity = trace_id(number)
    whole = 5 + dice.expovariate(0.03)
    failed = dice.random() < 0.02
    status = 503 if failed else 201
    for place, (service, name, kind, parent) in enumerate(_SHAPE):
        fails = failed and place in {0, 1, 2, 4}
        span = scopes[service].spans.add(
            trace_id=identity,
            span_id=_span_id(number, place),
            parent_span_id=b"" if parent is None else _span_id(number, parent),
            name=name,
            kind=kind,
            start_time_unix_nano=start + place * _MILLISECOND,
            end_time_unix_nano=start + int((place + whole / (1 + place % 3)) * _MILLISECOND),
            status=Status(code=Status.STATUS_CODE_ERROR) if fails else None,
        )
        if kind == Span.SPAN_KIND_SERVER:
            code = KeyValue(
                key="http.response.status_code",
                value=AnyValue(int_value=status if place < 3 else 200),
            )
            span.attributes.extend([_text("http.route", name.split()[1]), code])
        elif name.isupper() or " " in name:
            span.attributes.append(_text("db.query.text", name))
        if place == 2 and number % 500 == 0:
            span.attributes.append(_text("customer.tier", "platinum"))
            span.status.code = Status.STATUS_CODE_ERROR


def _span_id(number: int, place: int) -> bytes:
    return (number * SPANS + place + 1).to_bytes(8, "big")


def _text(key: str, value: str) -> KeyValue:
    return KeyValue(key=key, value=AnyValue(string_value=value))
