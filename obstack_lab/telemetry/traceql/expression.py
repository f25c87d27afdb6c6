"""Expressions of filters, compiled to functions of a span."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from obstack_lab.telemetry.traceql.errors import EvaluationFailure
from obstack_lab.telemetry.traceql.operators import (
    ARITHMETIC,
    COMPARISONS,
    REGEXES,
    calculate,
    compare,
    pattern,
    same_kind,
)
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import NUMERIC, Value
from obstack_lab.telemetry.traceql.syntax import (
    Attribute,
    Binary,
    Expression,
    Intrinsic,
    Static,
    Unary,
)
from obstack_lab.telemetry.traceql.view import LINK_IDENTITIES, Getter, View


def compile_expression(node: Expression, view: View) -> Getter:
    """Return the function that evaluates an expression on a span."""
    if isinstance(node, Static):
        value = node.value
        return lambda _span: value
    if isinstance(node, Attribute | Intrinsic):
        return view.getter(node)
    if isinstance(node, Unary):
        return _unary(node, view)
    return _binary(node, view)


def compile_test(node: Expression, view: View) -> Callable[[Span], bool]:
    """Return the function that says whether an expression is true of a span."""
    evaluate = compile_expression(node, view)
    return lambda span: evaluate(span) is True


def _unary(node: Unary, view: View) -> Getter:
    operand = compile_expression(node.operand, view)
    if node.op == "-":
        return lambda span: calculate("*", operand(span), -1)

    def negate(span: Span) -> Value:
        value = operand(span)
        if not isinstance(value, bool):
            raise EvaluationFailure(f"expression ({node.operand}) expected a boolean, but got nil")
        return not value

    return negate


def _binary(node: Binary, view: View) -> Getter:  # noqa: PLR0911 - a case a kind of operator
    if node.op in {"&&", "||"}:
        return _logical(node, view)
    absent = _absence(node, view)
    if absent is not None:
        return absent
    left, right = compile_expression(node.left, view), compile_expression(node.right, view)
    op = node.op
    if op in ARITHMETIC:
        return lambda span: calculate(op, left(span), right(span))
    if op in REGEXES and isinstance(node.left, Intrinsic) and node.left.name in LINK_IDENTITIES:
        return lambda _span: False
    if op in REGEXES and isinstance(node.right, Static):
        return _regex(left, node.right.value, op)
    if isinstance(node.right, Static) and op in COMPARISONS:
        return _comparison(left, op, node.right.value)
    return lambda span: compare(op, left(span), right(span))


def _logical(node: Binary, view: View) -> Getter:
    left, right = compile_expression(node.left, view), compile_expression(node.right, view)
    if node.op == "&&":
        return lambda span: left(span) is True and right(span) is True

    def either(span: Span) -> Value:
        """Nil is no boolean: what stands right of it is not looked at."""
        first = left(span)
        return right(span) is True if first is False else first is True

    return either


def _absence(node: Binary, view: View) -> Getter | None:
    for side, other in ((node.left, node.right), (node.right, node.left)):
        if (
            isinstance(side, Static)
            and side.value is None
            and isinstance(other, Attribute | Intrinsic)
        ):
            if node.op == "=" and isinstance(other, Attribute):
                return view.missing(other)
            if node.op == "!=":
                read = view.getter(other)
                return lambda span: read(span) is not None
    return None


def _regex(left: Getter, text: Value, op: str) -> Getter:
    matches: Callable[[str], Any] = pattern(str(text)).fullmatch
    wanted = op == "=~"
    known: dict[str, bool] = {}

    def test(span: Span) -> bool:
        value = left(span)
        if type(value) is not str:
            return isinstance(value, tuple) and compare(op, value, text)
        found = known.get(value)
        if found is None:
            if len(known) > 10_000:
                known.clear()
            found = known[value] = (matches(value) is not None) == wanted
        return found

    return test


def _comparison(left: Getter, op: str, literal: Value) -> Getter:
    test = COMPARISONS[op]
    kind = type(literal)
    numeric = kind in NUMERIC

    def quick(span: Span) -> bool:
        value = left(span)
        mine = type(value)
        if mine is kind or (numeric and mine in NUMERIC):
            return test(value, literal)
        if mine is tuple:
            return compare(op, value, literal)
        return value is not None and same_kind(value, literal) and test(value, literal)

    return quick
