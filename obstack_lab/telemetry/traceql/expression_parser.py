"""The inside of `{ }`: fields, literals and operators."""

from __future__ import annotations

import math

from obstack_lab.telemetry.traceql import token as kinds
from obstack_lab.telemetry.traceql.operators import (
    ARITHMETIC,
    COMPARISONS,
    REGEXES,
    calculate,
    compare,
    is_enum,
    same_kind,
)
from obstack_lab.telemetry.traceql.parser import TokenStream
from obstack_lab.telemetry.traceql.static import (
    MAX_INT,
    MIN_INT,
    NUMERIC,
    Duration,
    Kind,
    Status,
    Value,
)
from obstack_lab.telemetry.traceql.syntax import (
    Attribute,
    Binary,
    Expression,
    Field,
    Intrinsic,
    Static,
    Unary,
)

PRECEDENCE = (
    dict.fromkeys(("&&", "||"), 1)
    | dict.fromkeys(("=", "!=", "<", "<=", ">", ">=", "=~", "!~"), 2)
    | dict.fromkeys(("+", "-"), 3)
    | dict.fromkeys(("*", "/", "%"), 5)
    | {"^": 6}
)

PLAIN_INTRINSICS = {
    name: name
    for name in (
        "duration", "name", "status", "statusMessage", "kind", "rootName", "rootServiceName",
        "traceDuration", "nestedSetLeft", "nestedSetRight", "nestedSetParent", "parent",
    )
} | {"childCount": "span:childCount"}  # fmt: skip

SCOPED_INTRINSICS: dict[str, dict[str, str]] = {
    "trace:": {
        "duration": "traceDuration",
        "rootName": "rootName",
        "rootService": "rootServiceName",
        "id": "trace:id",
    },
    "span:": {
        "duration": "duration",
        "name": "name",
        "kind": "kind",
        "status": "status",
        "statusMessage": "statusMessage",
        "id": "span:id",
        "parentID": "span:parentID",
        "childCount": "span:childCount",
    },
    "event:": {"name": "event:name", "timeSinceStart": "event:timeSinceStart"},
    "link:": {"traceID": "link:traceID", "spanID": "link:spanID"},
    "instrumentation:": {
        "name": "instrumentation:name",
        "version": "instrumentation:version",
    },
}

_ATTRIBUTE_SCOPES = {
    ".": "", "span.": "span", "resource.": "resource", "event.": "event", "link.": "link",
    "instrumentation.": "instrumentation",
}  # fmt: skip

_LITERALS: dict[str, Value] = {
    "true": True, "false": False, "nil": None, "minInt": MIN_INT, "maxInt": MAX_INT,
    **{status.name: status for status in Status},
    **{kind.name: kind for kind in Kind},
}  # fmt: skip


MOST_OPERATORS = 300
"""Operators after each other in one expression; more are refused."""


def parse_expression(stream: TokenStream, least: int = 1) -> Expression:
    """Parse an expression whose operators bind at least as tightly as `least`."""
    stream.deeper()
    left, chained = _operand(stream), 0
    while (binding := PRECEDENCE.get(stream.kind, 0)) >= least:
        chained += 1
        if chained > MOST_OPERATORS:
            stream.fail(f"more than {MOST_OPERATORS} operators in a row", stream.next)
        op = stream.take().kind
        right = parse_expression(stream, binding if op == "^" else binding + 1)
        left = fold(Binary(op, left, right))
    stream.shallower()
    return left


def _operand(stream: TokenStream) -> Expression:
    kind = stream.kind
    if kind == "(":
        stream.take()
        inner = parse_expression(stream)
        stream.expect(")", told=())
        return inner
    if kind in ("!", "-"):
        stream.take()
        return fold(Unary(kind, parse_expression(stream, 5)))
    literal = parse_literal(stream)
    if literal is not None:
        return literal
    if kind == kinds.IDENTIFIER:
        stream.fail(f"unknown identifier: {stream.next.text}", stream.next)
    return parse_field(stream)


def parse_literal(stream: TokenStream) -> Static | None:
    """Parse a literal, or return None where something else stands."""
    kind = stream.kind
    if kind in _LITERALS:
        stream.take()
        return Static(_LITERALS[kind])
    if kind in (kinds.STRING, kinds.INTEGER, kinds.FLOAT):
        return Static(stream.take().value)  # type: ignore[arg-type]  # the lexer's value fits
    if kind == kinds.DURATION:
        return Static(Duration(stream.take().value))  # type: ignore[call-overload]  # an int
    return None


def parse_field(stream: TokenStream) -> Field:
    """Parse an attribute or an intrinsic."""
    kind = stream.kind
    if kind in _ATTRIBUTE_SCOPES:
        stream.take()
        return _named(stream, _ATTRIBUTE_SCOPES[kind], parent=False)
    if kind == "parent.":
        stream.take()
        scope = stream.accept("resource.", "span.")
        if scope is None and stream.kind != kinds.IDENTIFIER:
            stream.unexpected(kinds.IDENTIFIER, "resource.", "span.")
        return _named(stream, scope.kind[:-1] if scope else "", parent=True)
    if kind in SCOPED_INTRINSICS:
        stream.take()
        known = SCOPED_INTRINSICS[kind]
        return Intrinsic(known[stream.expect(*known).kind])
    if kind in PLAIN_INTRINSICS:
        stream.take()
        return Intrinsic(PLAIN_INTRINSICS[kind])
    return stream.unexpected()


def _named(stream: TokenStream, scope: str, *, parent: bool) -> Attribute:
    name = stream.expect(kinds.IDENTIFIER).text
    stream.expect(kinds.END_ATTRIBUTE)
    return Attribute(name, scope, parent)


def _is_nan(value: Value) -> bool:
    return isinstance(value, float) and math.isnan(value)


def fold(node: Binary | Unary) -> Expression:  # noqa: PLR0911 - a case an operator
    """Calculate what consists of literals only; what does not fit is left for the type check."""
    if isinstance(node, Unary):
        if not isinstance(node.operand, Static):
            return node
        value = node.operand.value
        if node.op == "!" and isinstance(value, bool):
            return Static(not value)
        if node.op == "-" and type(value) in NUMERIC:
            return Static(calculate("*", value, -1))
        return node
    if not isinstance(node.left, Static) or not isinstance(node.right, Static):
        return node
    left, right = node.left.value, node.right.value
    if node.op in ARITHMETIC:
        value = calculate(node.op, left, right)
        return node if value is None or _is_nan(value) else Static(value)
    if node.op in COMPARISONS and same_kind(left, right) and not is_enum(left):
        return Static(compare(node.op, left, right))
    if node.op in REGEXES and isinstance(left, str) and isinstance(right, str):
        return node
    if node.op in ("&&", "||") and isinstance(left, bool) and isinstance(right, bool):
        return Static(left and right if node.op == "&&" else left or right)
    return node
