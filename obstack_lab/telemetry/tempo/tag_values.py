"""Values of a field: `/api/search/tag/{tag}/values` and `/api/v2/search/tag/{tag}/values`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import orjson

from obstack_lab.telemetry.tempo.attribute_columns import OTHER
from obstack_lab.telemetry.tempo.decoder import values as decoded
from obstack_lab.telemetry.tempo.parameters import BadRequest
from obstack_lab.telemetry.tempo.predicate import Predicate
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.tempo.tag_filter import TagFilter, reduced
from obstack_lab.telemetry.tempo.tree import tree_values
from obstack_lab.telemetry.traceql.conditions import TREE
from obstack_lab.telemetry.traceql.errors import ParseFailure
from obstack_lab.telemetry.traceql.expression import compile_test
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.span import Instrumentation, Resource, Span, Trace
from obstack_lab.telemetry.traceql.static import Kind, Status, Value
from obstack_lab.telemetry.traceql.syntax import (
    Attribute,
    Binary,
    Field,
    Filter,
    Intrinsic,
    Static,
    Unary,
)
from obstack_lab.telemetry.traceql.view import View, candidates

KEYWORDS = {
    "status": ("error", "ok", "unset"),
    "kind": ("unspecified", "internal", "server", "client", "producer", "consumer"),
}
NOT_LISTED = frozenset(
    ("duration", "traceDuration", "span:id", "span:parentID", "trace:id", "link:traceID",
     "link:spanID", "event:timeSinceStart", "parent")
)  # fmt: skip
_TYPES = {str: "string", int: "int", float: "float", bool: "bool"}
_V1_FIELDS = {
    "name": "name", "rootName": "rootName", "root.name": "rootName",
    "rootServiceName": "rootServiceName", "root.service.name": "rootServiceName",
}  # fmt: skip


def field_of(tag: str) -> Field:
    """Return the field that a tag names; raises BadRequest."""
    prefix = f"please provide a valid tagName: failed to parse identifier {tag}: "
    try:
        query = parse("{" + tag + "}")
    except ParseFailure as error:
        raise BadRequest(prefix + str(error)) from error
    stage = query.pipeline.stages[0] if query.pipeline is not None else None
    expression = stage.expression if isinstance(stage, Filter) else None
    if isinstance(expression, Attribute | Intrinsic):
        return expression
    kinds = {Static: "Static", Unary: "UnaryOperation", Binary: "BinaryOperation"}
    kind = kinds.get(type(expression), "SpansetFilter")
    raise BadRequest(f"{prefix}expected Attribute but got traceql.{kind}")


def typed_values(store: SpanStore, target: Field, chosen: TagFilter) -> list[dict[str, str]]:
    """Return the values of a field with their types."""
    if isinstance(target, Intrinsic) and target.name in KEYWORDS:
        return [{"type": "keyword", "value": word} for word in KEYWORDS[target.name]]
    if isinstance(target, Intrinsic) and target.name in NOT_LISTED:
        return []
    if isinstance(target, Attribute) and target.scope == "resource" and chosen.by_trace:
        return []
    out = []
    for value in _found(store, target, chosen):
        entry = {"type": _TYPES[type(value)]}
        if text := text_of(value):
            entry["value"] = text
        out.append(entry)
    return out


def plain_values(store: SpanStore, tag: str, chosen: TagFilter) -> list[str]:
    """Return the values of a tag without scope, as texts."""
    if tag == "error":
        return ["true"]
    if tag in ("kind", "statusMessage"):
        return []
    target: Field = Intrinsic(_V1_FIELDS[tag]) if tag in _V1_FIELDS else Attribute(tag)
    return sorted({text_of(value) for value in _found(store, target, chosen)})


def text_of(value: Value) -> str:
    """Return a value as texts of tag values have it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return repr(value) if isinstance(value, float) else str(value)


def _found(store: SpanStore, target: Field, chosen: TagFilter) -> list[Value]:
    predicate = chosen.predicate()
    if isinstance(target, Intrinsic) and target.name in TREE and chosen.expression is None:
        raw: Iterable[Value] = tree_values(store, target)
    elif (
        predicate is None
        or (isinstance(target, Intrinsic) and target.name in TREE)
        or (
            chosen.expression is not None
            and isinstance(target, Intrinsic)
            and "root" in target.name
        )
    ):
        read = candidates(target)
        raw = (value for span in chosen.spans() for value in read(span))
    else:
        raw = _by_sql(store, target, predicate, everywhere=chosen.expression is None)
    seen: dict[tuple[type, Value], Value] = {}
    for value in raw:
        for item in value if isinstance(value, tuple) else (value,):
            if type(item) in _TYPES:
                seen.setdefault((type(item), item), item)
    return [value for value in seen.values() if _passes(target, chosen, value)]


def _passes(target: Field, chosen: TagFilter, value: Value) -> bool:
    """Say whether the query's own condition on this very tag lets a value through."""
    if not isinstance(target, Attribute) or target.scope:
        return True
    own = reduced(chosen.given, lambda other: other == target)
    if own is None:
        return True
    stub = Span(
        "", "", "", Kind.unspecified, Status.unset, "", 0, 0, {target.name: value}, Resource({}),
        Instrumentation(), Trace(""),
    )  # fmt: skip
    return compile_test(own, View())(stub)


def _by_sql(
    store: SpanStore, target: Field, predicate: Predicate, *, everywhere: bool
) -> Iterator[Value]:
    if isinstance(target, Intrinsic):
        yield from _intrinsic(store, target.name, predicate)
        return
    if target.scope in ("", "span"):
        yield from _span_attribute(store, target.name, predicate)
    if target.scope in ("", "resource"):
        resources = store.decoder.resources
        numbers = store.owners if everywhere else _distinct(store, "resource_id", predicate)
        for number in numbers:
            yield resources[int(str(number))].attributes.get(target.name)
    if target.scope == "instrumentation":
        scopes = store.decoder.scopes
        for number in _distinct(store, "scope_id", predicate):
            yield scopes[int(str(number))].attributes.get(target.name)
    if target.scope in ("event", "link"):
        for item in _carried(store, target.scope, predicate):
            yield decoded(item[2]).get(target.name)


def _distinct(store: SpanStore, expression: str, predicate: Predicate) -> list[Value]:
    rows = store.cursor().execute(
        f"SELECT DISTINCT {expression} FROM spans WHERE {predicate.sql}",  # noqa: S608 - our own names
        list(predicate.values),
    )
    return [value for (value,) in rows.fetchall() if value is not None]


def _span_attribute(store: SpanStore, key: str, predicate: Predicate) -> Iterator[Value]:
    columns = store.columns
    for kind in sorted(columns.types(key)):
        column = columns.column(key, kind)
        if not column or kind == OTHER:
            where = f"{column} AND {predicate.sql}" if column else predicate.sql
            for body in _distinct(store, "body", Predicate(where, predicate.values)):
                yield decoded(orjson.loads(str(body)).get("a", {})).get(key)
        else:
            yield from _distinct(store, column, predicate)


def _carried(store: SpanStore, scope: str, predicate: Predicate) -> Iterator[list[Any]]:
    where = f"has_{scope}s AND {predicate.sql}"
    for body in _distinct(store, "body", Predicate(where, predicate.values)):
        yield from orjson.loads(str(body)).get(scope[0], ())


def _intrinsic(store: SpanStore, name: str, predicate: Predicate) -> Iterator[Value]:
    if name in ("name", "statusMessage"):
        column = "name" if name == "name" else "status_message"
        yield from _distinct(store, column, predicate)
    elif name == "event:name":
        for item in _carried(store, "event", predicate):
            yield str(item[1])
    elif name.startswith("instrumentation:"):
        scopes = store.decoder.scopes
        for number in _distinct(store, "scope_id", predicate):
            yield str(getattr(scopes[int(str(number))], name.partition(":")[2]))
    elif name in ("rootName", "rootServiceName"):
        yield from _roots(store, name)


def _roots(store: SpanStore, name: str) -> Iterator[Value]:
    roots = Predicate("parent_id = 0")
    if name == "rootName":
        yield from _distinct(store, "name", roots)
    else:
        resources = store.decoder.resources
        for number in _distinct(store, "resource_id", roots):
            yield resources[int(str(number))].service
    rootless = store.cursor().execute(
        "SELECT 1 FROM spans GROUP BY trace_high, trace_low "
        "HAVING NOT bool_or(parent_id = 0) LIMIT 1"
    )
    if rootless.fetchone():
        yield ""
