"""Rows of the span table back to spans; resources and scopes are decoded once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from obstack_lab.telemetry.tempo.record import Plain, Record
from obstack_lab.telemetry.traceql.span import Event, Instrumentation, Link, Resource, Span, Trace
from obstack_lab.telemetry.traceql.static import Kind, Status, Value

STATUSES = (Status.unset, Status.ok, Status.error)
"""TraceQL's status by OTLP's number."""

KINDS = tuple(Kind)
_READERS = {
    "stringValue": str, "intValue": int, "doubleValue": float, "boolValue": bool,
}  # fmt: skip


class Decoder:
    """Knows all resources and scopes by number."""

    def __init__(self) -> None:
        self._numbers: dict[str, dict[str, int]] = {"span_resources": {}, "span_scopes": {}}
        self.documents: dict[str, list[dict[str, Any]]] = {"span_resources": [], "span_scopes": []}
        self.resources: list[Resource] = []
        self.scopes: list[Instrumentation] = []

    def load(self, table: str, rows: Iterable[tuple[int, str]]) -> None:
        """Take the table of an existing store."""
        for _, text in sorted(rows):
            self.number(table, text)

    def number(self, table: str, text: str) -> tuple[int, bool]:
        """Return the number of a resource or scope, and whether it is new."""
        numbers = self._numbers[table]
        number = numbers.get(text)
        if number is not None:
            return number, False
        document = orjson.loads(text)
        attributes = dict(values(document.get("a", {})))
        if table == "span_resources":
            service = attributes.get("service.name")
            name = service if isinstance(service, str) else ""
            attributes.setdefault("service.name", name)
            self.resources.append(Resource(attributes, name))
        else:
            self.scopes.append(
                Instrumentation(document.get("n", ""), document.get("v", ""), attributes)
            )
        self.documents[table].append(document)
        numbers[text] = len(numbers)
        return numbers[text], True

    def row(self, record: Record, place: int) -> tuple[Any, ...]:
        """Return the row that a record has in the table, with this place for its number."""
        return (
            record.trace_id >> 64, record.trace_id & 2**64 - 1, record.span_id, record.parent_id,
            self.number("span_resources", record.resource)[0],
            self.number("span_scopes", record.scope)[0], record.name, record.kind, record.status,
            record.status_message, record.started, record.duration, record.has_events,
            record.has_links, record.body, place,
        )  # fmt: skip

    def span(self, trace: Trace, row: tuple[Any, ...]) -> Span:
        """Return the span of a row, as a member of this trace."""
        (_, _, span_id, parent_id, resource, scope, name, kind, status, message, started, duration,
         has_events, has_links, text, _) = row  # fmt: skip
        document = orjson.loads(text) if text else {}
        span = Span(
            span_id=f"{span_id:016x}",
            parent_id=f"{parent_id:016x}" if parent_id else "",
            name=name,
            kind=KINDS[kind],
            status=STATUSES[status],
            status_message=message,
            start=started,
            duration=duration,
            attributes=values(document["a"]) if "a" in document else {},
            resource=self.resources[resource],
            instrumentation=self.scopes[scope],
            trace=trace,
        )
        if has_events:
            span.events = [
                Event(event[1], event[0] - started, values(event[2])) for event in document["e"]
            ]
        if has_links:
            span.links = [Link(link[0], link[1], values(link[2])) for link in document["l"]]
        return span


def values(attributes: dict[str, Plain]) -> dict[str, Value]:
    """Return attributes with arrays as tuples; maps, bytes and empty arrays become nil.

    An array of one element is seen as that element.
    """
    for value in attributes.values():
        if type(value) is dict:
            return {key: _value(value) for key, value in attributes.items()}
    return attributes  # type: ignore[return-value]  # only scalars are left


def _value(value: Plain) -> Value:
    if not isinstance(value, dict):
        return value
    if "doubleValue" in value:
        return float(value["doubleValue"].replace("Infinity", "inf"))
    items = value.get("arrayValue", {}).get("values") or ()
    kinds = {next(iter(item), "") for item in items}
    if len(kinds) != 1:
        return None
    read = _READERS.get(next(iter(kinds)))
    if read is None:
        return None
    found = tuple(read(next(iter(item.values()))) for item in items)
    return found if len(found) > 1 else found[0]
