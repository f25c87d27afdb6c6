"""OTLP/HTTP bodies to records: protobuf or JSON, plain or gzipped."""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Iterable
from typing import Any

import orjson

from obstack_lab.telemetry.tempo.record import Plain, Record, clip, pack

MOST_BYTES = 64 << 20
PROTOBUF_TYPES = frozenset(("application/x-protobuf", "application/protobuf"))
_KINDS = {
    "SPAN_KIND_UNSPECIFIED": 0, "SPAN_KIND_INTERNAL": 1, "SPAN_KIND_SERVER": 2,
    "SPAN_KIND_CLIENT": 3, "SPAN_KIND_PRODUCER": 4, "SPAN_KIND_CONSUMER": 5,
}  # fmt: skip
_STATUSES = {"STATUS_CODE_UNSET": 0, "STATUS_CODE_OK": 1, "STATUS_CODE_ERROR": 2}


class BadPayload(ValueError):
    """The body of a push cannot be read; the message says why."""

    def __init__(self, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def decode(body: bytes, *, content_type: str, encoding: str) -> list[Record]:
    """Return the spans of a push; raises BadPayload."""
    media = content_type.split(";", maxsplit=1)[0].strip().lower()
    if encoding == "gzip":
        body = inflate(body)
    elif encoding not in ("", "identity"):
        raise BadPayload(f"unsupported Content-Encoding: {encoding}; use gzip or none", status=415)
    if media == "application/json":
        return from_json(body)
    if media in PROTOBUF_TYPES:
        return from_protobuf(body)
    raise BadPayload(
        f"unsupported Content-Type: {media or 'none'}; use application/x-protobuf or "
        "application/json",
        status=415,
    )


def inflate(body: bytes) -> bytes:
    """Return what is gzipped in `body`; raises BadPayload when it is broken or too large."""
    machine = zlib.decompressobj(wbits=31)
    try:
        out = machine.decompress(body, MOST_BYTES)
    except zlib.error as error:
        raise BadPayload(f"the body is no gzip: {error}") from error
    if machine.unconsumed_tail:
        raise BadPayload(f"the body is larger than {MOST_BYTES} bytes", status=413)
    return out


def from_protobuf(body: bytes) -> list[Record]:
    """Return the spans of an ExportTraceServiceRequest."""
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    try:
        request = TracesData.FromString(body)
    except DecodeError as error:
        raise BadPayload(f"the body is no OTLP protobuf: {error}") from error
    records: list[Record] = []
    for batch in request.resource_spans:
        resource = pack({
            "a": _message_attributes(batch.resource.attributes),
            "d": batch.resource.dropped_attributes_count,
            "u": batch.schema_url,
        })  # fmt: skip
        for group in batch.scope_spans:
            origin = group.scope
            scope = pack({
                "n": origin.name,
                "v": origin.version,
                "a": _message_attributes(origin.attributes),
                "d": origin.dropped_attributes_count,
                "u": group.schema_url,
            })  # fmt: skip
            records.extend(_message_span(span, resource, scope) for span in group.spans)
    return records


def _message_span(span: Any, resource: str, scope: str) -> Record:
    attributes = _message_attributes(span.attributes)
    events = [
        [event.time_unix_nano, event.name, _message_attributes(event.attributes),
         event.dropped_attributes_count]
        for event in span.events
    ]  # fmt: skip
    links = [
        [link.trace_id.hex(), link.span_id.hex(), _message_attributes(link.attributes),
         link.trace_state, link.flags, link.dropped_attributes_count]
        for link in span.links
    ]  # fmt: skip
    body = pack({
        "a": attributes, "e": events, "l": links, "t": span.trace_state, "f": span.flags,
        "d": span.dropped_attributes_count, "de": span.dropped_events_count,
        "dl": span.dropped_links_count,
    })  # fmt: skip
    started = clip(span.start_time_unix_nano)
    return Record(
        trace_id=_identity(span.trace_id, 16, "trace"),
        span_id=_identity(span.span_id, 8, "span"),
        parent_id=int.from_bytes(span.parent_span_id[:8], "big"),
        resource=resource,
        scope=scope,
        name=span.name,
        kind=_known(span.kind, 5),
        status=_known(span.status.code, 2),
        status_message=span.status.message,
        started=started,
        duration=max(0, clip(span.end_time_unix_nano) - started),
        has_events=bool(events),
        has_links=bool(links),
        attributes=attributes,
        body=body,
    )


def _identity(raw: bytes, size: int, what: str) -> int:
    if len(raw) != size:
        raise BadPayload(f"{what} ids must be {size * 8} bit, received {len(raw) * 8} bits")
    return int.from_bytes(raw, "big")


def _known(number: int, largest: int) -> int:
    return number if 0 <= number <= largest else 0


def _message_attributes(pairs: Iterable[Any]) -> dict[str, Plain]:
    out: dict[str, Plain] = {}
    for pair in pairs:
        value = pair.value
        kind = value.WhichOneof("value")
        if kind in ("string_value", "int_value", "bool_value"):
            out[pair.key] = getattr(value, kind)
        else:
            out[pair.key] = _message_value(value, kind)
    return out


def _message_value(value: Any, kind: str | None) -> Plain:
    if kind == "double_value":
        number: float = value.double_value
        return number if math.isfinite(number) else {"doubleValue": _infinite(number)}
    if kind == "array_value":
        return {"arrayValue": {"values": [_message_any(item) for item in value.array_value.values]}}
    if kind == "kvlist_value":
        pairs = [
            {"key": item.key, "value": _message_any(item.value)}
            for item in value.kvlist_value.values
        ]
        return {"kvlistValue": {"values": pairs}}
    if kind == "bytes_value":
        return {"bytesValue": base64.b64encode(value.bytes_value).decode()}
    return {}


def _message_any(value: Any) -> dict[str, Any]:
    kind = value.WhichOneof("value")
    if kind in ("string_value", "bool_value"):
        return {"stringValue" if kind == "string_value" else "boolValue": getattr(value, kind)}
    if kind == "int_value":
        return {"intValue": str(value.int_value)}
    plain = _message_value(value, kind)
    return plain if isinstance(plain, dict) else {"doubleValue": plain}


def _infinite(number: float) -> str:
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"


def from_json(body: bytes) -> list[Record]:
    """Return the spans of an OTLP/JSON body: camelCase, hexadecimal ids, integers as strings."""
    try:
        request = orjson.loads(body)
        return [
            record for batch in request.get("resourceSpans") or () for record in _json_batch(batch)
        ]
    except BadPayload:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise BadPayload(f"the body is no OTLP/JSON: {error}") from error


def _json_batch(batch: dict[str, Any]) -> Iterable[Record]:
    resource = batch.get("resource") or {}
    resource_text = pack({
        "a": _json_attributes(resource.get("attributes")),
        "d": int(resource.get("droppedAttributesCount") or 0),
        "u": batch.get("schemaUrl"),
    })  # fmt: skip
    for group in batch.get("scopeSpans") or ():
        scope = group.get("scope") or {}
        scope_text = pack({
            "n": scope.get("name"),
            "v": scope.get("version"),
            "a": _json_attributes(scope.get("attributes")),
            "d": int(scope.get("droppedAttributesCount") or 0),
            "u": group.get("schemaUrl"),
        })  # fmt: skip
        for span in group.get("spans") or ():
            yield _json_span(span, resource_text, scope_text)


def _json_span(span: dict[str, Any], resource: str, scope: str) -> Record:
    attributes = _json_attributes(span.get("attributes"))
    events = [
        [int(event.get("timeUnixNano") or 0), str(event.get("name") or ""),
         _json_attributes(event.get("attributes")), int(event.get("droppedAttributesCount") or 0)]
        for event in span.get("events") or ()
    ]  # fmt: skip
    links = [
        [_json_id(link.get("traceId")).hex(), _json_id(link.get("spanId")).hex(),
         _json_attributes(link.get("attributes")), str(link.get("traceState") or ""),
         int(link.get("flags") or 0), int(link.get("droppedAttributesCount") or 0)]
        for link in span.get("links") or ()
    ]  # fmt: skip
    body = pack({
        "a": attributes, "e": events, "l": links, "t": span.get("traceState"),
        "f": int(span.get("flags") or 0), "d": int(span.get("droppedAttributesCount") or 0),
        "de": int(span.get("droppedEventsCount") or 0),
        "dl": int(span.get("droppedLinksCount") or 0),
    })  # fmt: skip
    status = span.get("status") or {}
    started = clip(int(span.get("startTimeUnixNano") or 0))
    return Record(
        trace_id=_identity(_json_id(span.get("traceId")), 16, "trace"),
        span_id=_identity(_json_id(span.get("spanId")), 8, "span"),
        parent_id=int.from_bytes(_json_id(span.get("parentSpanId"))[:8], "big"),
        resource=resource,
        scope=scope,
        name=_text(span.get("name")),
        kind=_enum(span.get("kind"), _KINDS),
        status=_enum(status.get("code"), _STATUSES),
        status_message=_text(status.get("message")),
        started=started,
        duration=max(0, clip(int(span.get("endTimeUnixNano") or 0)) - started),
        has_events=bool(events),
        has_links=bool(links),
        attributes=attributes,
        body=body,
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise TypeError(f"expected a string, got {type(value).__name__}")
    return value


def _enum(value: Any, names: dict[str, int]) -> int:
    if isinstance(value, str) and not value.isdigit():
        return names[value]
    return _known(int(value or 0), max(names.values()))


def _json_id(text: Any) -> bytes:
    """Return an id's bytes: hexadecimal as OTLP/JSON has it, base64 as jsonpb writes it."""
    if not text:
        return b""
    try:
        return bytes.fromhex(text)
    except ValueError:
        return base64.b64decode(text, validate=True)


def _json_attributes(pairs: list[dict[str, Any]] | None) -> dict[str, Plain]:
    out: dict[str, Plain] = {}
    for pair in pairs or ():
        out[_text(pair["key"])] = _json_value(pair.get("value") or {})
    return out


def _json_value(value: dict[str, Any]) -> Plain:
    for kind, inner in value.items():
        if kind == "stringValue":
            return _text(inner)
        if kind == "intValue":
            return _signed(int(inner))
        if kind == "boolValue":
            return bool(inner)
        if kind == "doubleValue":
            number = float(inner)
            return number if math.isfinite(number) else {"doubleValue": _infinite(number)}
    return _json_any(value)


def _json_any(value: dict[str, Any]) -> dict[str, Any]:  # noqa: PLR0911 - a case a type
    """Return a checked copy of an AnyValue."""
    for kind, inner in value.items():
        if kind == "arrayValue":
            items = (inner or {}).get("values") or ()
            return {"arrayValue": {"values": [_json_any(item or {}) for item in items]}}
        if kind == "kvlistValue":
            pairs = [
                {"key": _text(pair["key"]), "value": _json_any(pair.get("value") or {})}
                for pair in (inner or {}).get("values") or ()
            ]
            return {"kvlistValue": {"values": pairs}}
        if kind == "intValue":
            return {"intValue": str(_signed(int(inner)))}
        if kind == "bytesValue":
            return {"bytesValue": _text(inner)}
        if kind == "stringValue":
            return {kind: _text(inner)}
        if kind == "boolValue":
            return {kind: bool(inner)}
        if kind == "doubleValue":
            number = float(inner)
            return {kind: number if math.isfinite(number) else _infinite(number)}
    return {}


def _signed(number: int) -> int:
    if not -(2**63) <= number < 2**63:
        raise ValueError("an integer does not fit 64 bits")
    return number
