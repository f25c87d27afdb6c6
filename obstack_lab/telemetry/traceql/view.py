"""How an expression reads a field of a span: everything, or only what the store would fetch.

The real store looks up column by column what the conditions of a query ask for: a value that no
condition on its field lets through is not seen by the expression at all. That is why
`{ .n > 2 }` never meets a float, and `[1, 2, 3]` is seen as `[1, 2]` through `!= 3`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import Duration, Value
from obstack_lab.telemetry.traceql.syntax import Attribute, Field, Intrinsic

Getter: TypeAlias = Callable[[Span], Value]
Sieve: TypeAlias = Callable[[Value], Value]
"""What is seen of a stored value: the value, part of an array, or nil."""

INTRINSICS: dict[str, Getter] = {
    "name": lambda span: span.name,
    "duration": lambda span: Duration(span.duration),
    "status": lambda span: span.status,
    "statusMessage": lambda span: span.status_message,
    "kind": lambda span: span.kind,
    "traceDuration": lambda span: Duration(span.trace.duration),
    "rootName": lambda span: span.trace.root_name,
    "rootServiceName": lambda span: span.trace.root_service,
    "trace:id": lambda span: span.trace.trace_id,
    "span:id": lambda span: span.span_id,
    "span:parentID": lambda span: span.parent_id or "0" * 16,
    "span:childCount": lambda span: span.children,
    "nestedSetLeft": lambda span: span.left,
    "nestedSetRight": lambda span: span.right,
    "nestedSetParent": lambda span: span.parent,
    "instrumentation:name": lambda span: span.instrumentation.name,
    "instrumentation:version": lambda span: span.instrumentation.version,
}

LINK_IDENTITIES = frozenset(("link:traceID", "link:spanID"))
"""Compared without leading zeros, and by no regular expression."""

EMPTY: dict[str, Value] = {"event:name": "", "event:timeSinceStart": Duration(0)}
"""What a span without events shows where the field is only read."""

TRACE_LEVEL = frozenset(("traceDuration", "rootName", "rootServiceName", "trace:id"))


def _many(name: str) -> Callable[[Span], list[Value]]:
    """Return the reader of a field that a span may have many times."""
    if name == "event:name":
        return lambda span: [event.name for event in span.events]
    if name == "event:timeSinceStart":
        return lambda span: [Duration(event.since_start) for event in span.events]
    if name == "link:traceID":
        return lambda span: [link.trace_id.lstrip("0") for link in span.links]
    return lambda span: [link.span_id.lstrip("0") for link in span.links]


def candidates(field: Field) -> Callable[[Span], list[Value]]:
    """Return the reader of all stored values of a field, nearest scope first, nil left out."""
    if isinstance(field, Intrinsic):
        if field.name in INTRINSICS:
            read = INTRINSICS[field.name]
            return lambda span: [read(span)]
        return _many(field.name) if field.name != "parent" else lambda _span: []
    name = field.name
    if field.parent:
        return lambda _span: []
    if field.scope == "event":
        return lambda span: [
            event.attributes[name] for event in span.events if name in event.attributes
        ]
    if field.scope == "link":
        return lambda span: [
            link.attributes[name] for link in span.links if name in link.attributes
        ]
    return _owned(field.scope, name)


def _owned(scope: str, name: str) -> Callable[[Span], list[Value]]:
    def owners(span: Span) -> tuple[dict[str, Value], ...]:
        if scope == "span":
            return (span.attributes,)
        if scope == "resource":
            return (span.resource.attributes,)
        if scope == "instrumentation":
            return (span.instrumentation.attributes,)
        return (span.attributes, span.resource.attributes)

    return lambda span: [owner[name] for owner in owners(span) if name in owner]


class View:
    """Reads fields whole: what a trace in memory has."""

    def getter(self, field: Field) -> Getter:
        """Return the function that reads this field of a span; nil where it is absent."""
        if isinstance(field, Intrinsic) and field.name in INTRINSICS:
            return INTRINSICS[field.name]
        read = candidates(field)

        def first(span: Span) -> Value:
            for value in read(span):
                if value is not None and value != ():
                    return value
            return None

        return first

    def missing(self, field: Attribute) -> Callable[[Span], bool]:
        """Return the test of `field = nil`."""
        read = self.getter(field)
        return lambda span: read(span) is None


class FetchedView(View):
    """Reads fields through the sieves of the query's conditions, by scope and name."""

    def __init__(
        self,
        sieves: dict[Field, Sieve | None],
        shadowed: frozenset[str] = frozenset(),
        read: frozenset[str] = frozenset(),
    ) -> None:
        self.sieves = sieves
        self.read = read
        """Intrinsics that no condition asks anything of."""
        self.shadowed = shadowed
        """Names asked for without a scope: seen whole where a resource has them, so that the
        span's own value hides the resource's."""

    def getter(self, field: Field) -> Getter:
        """Return the reader of what the conditions let through."""
        if isinstance(field, Attribute) and field.scope == "" and not field.parent:
            mine = self.getter(Attribute(field.name, "span"))
            outer = self.getter(Attribute(field.name, "resource"))

            def either(span: Span) -> Value:
                value = mine(span)
                return outer(span) if value is None else value

            return either
        if field not in self.sieves:
            return lambda _span: None
        sieve = self.sieves[field]
        if sieve is None:
            empty = field.name in self.read and field.name in EMPTY
            return filled(field) if empty else super().getter(field)
        read = candidates(field)

        def first(span: Span) -> Value:
            for value in read(span):
                if value is not None and value != ():
                    seen = sieve(value)
                    if seen is not None:
                        return seen
            return None

        if isinstance(field, Attribute) and field.name in self.shadowed:
            return self._shadow(field, first)
        return first

    def _shadow(self, field: Attribute, sieved: Getter) -> Getter:
        name, whole = field.name, super().getter(field)
        return lambda span: (whole if name in span.resource.attributes else sieved)(span)

    def missing(self, field: Attribute) -> Callable[[Span], bool]:
        """Return the test of `field = nil`: without a scope one absence is enough."""
        whole = View()
        if field.scope == "" and not field.parent:
            mine = whole.getter(Attribute(field.name, "span"))
            outer = whole.getter(Attribute(field.name, "resource"))
            return lambda span: mine(span) is None or outer(span) is None
        read = whole.getter(field)
        return lambda span: read(span) is None


def filled(field: Field) -> Getter:
    """Return the reader of a field that is never nil."""
    read, empty = View().getter(field), EMPTY[field.name]

    def value(span: Span) -> Value:
        found = read(span)
        return empty if found is None else found

    return value
