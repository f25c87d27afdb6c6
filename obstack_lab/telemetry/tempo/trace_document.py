"""Rows of one trace as the OTLP document that Tempo returns, in JSON or protobuf."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from typing import Any

import orjson

from obstack_lab.telemetry.tempo.decoder import Decoder
from obstack_lab.telemetry.tempo.record import Plain

_KINDS = ("", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
_DROPPED = {
    "droppedAttributesCount": "d", "droppedEventsCount": "de", "droppedLinksCount": "dl",
}  # fmt: skip
_STATUSES = ("", "STATUS_CODE_OK", "STATUS_CODE_ERROR")


def batches(rows: Iterable[tuple[Any, ...]], decoder: Decoder) -> list[dict[str, Any]]:
    """Return the resourceSpans of rows, in jsonpb's form: base64 ids, names of enums."""
    grouped: dict[int, dict[int, list[dict[str, Any]]]] = {}
    for row in rows:
        grouped.setdefault(row[4], {}).setdefault(row[5], []).append(_span(row))
    out = []
    for resource, scopes in grouped.items():
        document = decoder.documents["span_resources"][resource]
        batch: dict[str, Any] = {"resource": _owner(document), "scopeSpans": []}
        for scope, spans in scopes.items():
            batch["scopeSpans"].append(_scope(decoder.documents["span_scopes"][scope], spans))
        if document.get("u"):
            batch["schemaUrl"] = document["u"]
        out.append(batch)
    return out


def _owner(document: dict[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    if document.get("a"):
        out["attributes"] = attributes(document["a"])
    if document.get("d"):
        out["droppedAttributesCount"] = document["d"]
    return out


def _scope(document: dict[str, Any], spans: list[dict[str, Any]]) -> dict[str, Any]:
    scope = _owner(document)
    if document.get("n"):
        scope["name"] = document["n"]
    if document.get("v"):
        scope["version"] = document["v"]
    out: dict[str, Any] = {"scope": scope, "spans": spans}
    if document.get("u"):
        out["schemaUrl"] = document["u"]
    return out


def _span(row: tuple[Any, ...]) -> dict[str, Any]:  # noqa: C901 - one line a member
    (high, low, span_id, parent_id, _, _, name, kind, status, message, started, duration,
     _, _, text, _) = row  # fmt: skip
    document = orjson.loads(text)
    out: dict[str, Any] = {
        "traceId": _identity(high << 64 | low, 16),
        "spanId": _identity(span_id, 8),
    }
    if document.get("t"):
        out["traceState"] = document["t"]
    if parent_id:
        out["parentSpanId"] = _identity(parent_id, 8)
    if name:
        out["name"] = name
    if kind:
        out["kind"] = f"SPAN_KIND_{_KINDS[kind]}"
    out["startTimeUnixNano"] = str(started)
    out["endTimeUnixNano"] = str(started + duration)
    if document.get("a"):
        out["attributes"] = attributes(document["a"])
    if document.get("e"):
        out["events"] = [_event(event) for event in document["e"]]
    if document.get("l"):
        out["links"] = [_link(link) for link in document["l"]]
    for name, key in _DROPPED.items():
        if document.get(key):
            out[name] = document[key]
    out["status"] = {}
    if status:
        out["status"]["code"] = _STATUSES[status]
    if message:
        out["status"]["message"] = message
    return out


def _identity(number: int, size: int) -> str:
    return base64.b64encode(number.to_bytes(size, "big")).decode()


def _event(event: list[Any]) -> dict[str, Any]:
    time, name, owned, dropped = event
    out: dict[str, Any] = {"timeUnixNano": str(time), "name": name}
    if owned:
        out["attributes"] = attributes(owned)
    if dropped:
        out["droppedAttributesCount"] = dropped
    return out


def _link(link: list[Any]) -> dict[str, Any]:
    trace_id, span_id, owned, state, flags, dropped = link
    out: dict[str, Any] = {
        "traceId": base64.b64encode(bytes.fromhex(trace_id)).decode(),
        "spanId": base64.b64encode(bytes.fromhex(span_id)).decode(),
    }
    if state:
        out["traceState"] = state
    if owned:
        out["attributes"] = attributes(owned)
    if dropped:
        out["droppedAttributesCount"] = dropped
    if flags:
        out["flags"] = flags
    return out


def attributes(owned: dict[str, Plain]) -> list[dict[str, Any]]:
    """Return attributes as OTLP's list of keys and values."""
    return [{"key": key, "value": _any_value(value)} for key, value in owned.items()]


def _any_value(value: Plain) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, str):
        return {"stringValue": value}
    return {"doubleValue": value} if isinstance(value, float) else {"intValue": str(value)}


def protobuf(resource_spans: list[dict[str, Any]]) -> bytes:
    """Return the document as a serialized TracesData (Tempo's Trace on the wire)."""
    from google.protobuf.json_format import ParseDict
    from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

    message = ParseDict({"resourceSpans": resource_spans}, TracesData(), ignore_unknown_fields=True)
    out: bytes = message.SerializeToString()
    return out


def envelope(trace: bytes, *, message: str = "") -> bytes:
    """Return the v2 answer's bytes: the trace in field 1, a partial status in 3, its text in 4."""
    out = b"\x0a" + _varint(len(trace)) + trace + b"\x12\x00"
    if message:
        text = message.encode()
        out += b"\x18\x01" + b"\x22" + _varint(len(text)) + text
    return out


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)
