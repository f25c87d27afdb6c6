"""Spans out of the JSON that a trace store answers with."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from obstack_lab.query.trace import Attribute, Event, Span

_NANO = 1_000_000_000


def spans(answer: Mapping[str, Any]) -> list[Span]:
    """Return the spans of an answer of `/api/traces/ID` (version 1 or 2), without their order."""
    whole = answer.get("trace", answer)
    return [
        _span(span, _attributes(batch.get("resource") or {}))
        for batch in whole.get("batches") or whole.get("resourceSpans") or ()
        for scope in batch.get("scopeSpans") or ()
        for span in scope.get("spans") or ()
    ]


def value(wrapped: Mapping[str, Any]) -> Attribute:
    """Return the plain value in an OTLP `AnyValue`; 64-bit integers come as text."""
    inner: Any
    kind, inner = next(iter(wrapped.items()), ("", ""))
    match kind:
        case "intValue":
            return int(inner)
        case "doubleValue":
            return float(inner)
        case "boolValue":
            return bool(inner)
        case "arrayValue":
            return ", ".join(str(value(item)) for item in inner.get("values") or ())
        case _:
            return str(inner)


def _span(span: Mapping[str, Any], resource: Mapping[str, Attribute]) -> Span:
    status = span.get("status") or {}
    start, end = int(span["startTimeUnixNano"]), int(span["endTimeUnixNano"])
    return Span(
        span_id=_hexadecimal(span["spanId"], 16),
        parent_id=_hexadecimal(span.get("parentSpanId") or "", 16),
        service=str(resource.get("service.name", "")),
        name=span.get("name", ""),
        kind=_word(span.get("kind", ""), "SPAN_KIND_", _KINDS),
        start=start,
        duration=(end - start) / _NANO,
        status=_word(status.get("code", ""), "STATUS_CODE_", _STATUSES),
        message=status.get("message", ""),
        attributes=_attributes(span),
        resource=resource,
        events=tuple(
            Event(int(event["timeUnixNano"]), event.get("name", ""), _attributes(event))
            for event in span.get("events") or ()
        ),
    )


_KINDS = ("unspecified", "internal", "server", "client", "producer", "consumer")
_STATUSES = ("unset", "ok", "error")


def _word(code: str | int, prefix: str, words: tuple[str, ...]) -> str:
    """Return the word for an enum, which comes by name or by number."""
    if isinstance(code, int):
        return words[code] if 0 <= code < len(words) else words[0]
    return code.removeprefix(prefix).lower() or words[0]


def _attributes(holder: Mapping[str, Any]) -> dict[str, Attribute]:
    return {pair["key"]: value(pair["value"]) for pair in holder.get("attributes") or ()}


def _hexadecimal(text: str, digits: int) -> str:
    """Return an id in hexadecimal digits; protobuf's JSON has it in base64."""
    if not text or len(text) == digits:
        return text.lower()
    try:
        return base64.b64decode(text, validate=True).hex()
    except binascii.Error:
        return text
