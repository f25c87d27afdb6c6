"""Aggregates over the spans of a set: `count`, `avg`, `max`, `min`, `sum`, and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

from obstack_lab.telemetry.traceql.dedicated import SPAN
from obstack_lab.telemetry.traceql.expression import compile_expression
from obstack_lab.telemetry.traceql.operators import calculate
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import NUMERIC, Duration, Value
from obstack_lab.telemetry.traceql.syntax import (
    Aggregate,
    Attribute,
    Expression,
    ScalarExpression,
    ScalarOperation,
    Static,
)
from obstack_lab.telemetry.traceql.view import View

Scalar: TypeAlias = Callable[[list[Span]], Value]


def compile_scalar(node: ScalarExpression, view: View) -> Scalar:
    """Return the function from spans to one value; nil where there is nothing to aggregate."""
    if isinstance(node, Static):
        value = node.value
        return lambda _spans: value
    if isinstance(node, ScalarOperation):
        left, right = compile_scalar(node.left, view), compile_scalar(node.right, view)
        op = node.op
        return lambda spans: calculate(op, left(spans), right(spans))
    if not isinstance(node, Aggregate) or node.expression is None:
        return len
    read = compile_expression(node.expression, view)
    reduce = _REDUCERS[node.op]
    if node.op == "max" and _has_own_column(node.expression):

        def largest(spans: list[Span]) -> Value:
            """Where the field has a column of its own, a nil is seen, and is the largest."""
            values = [read(span) for span in spans]
            return None if None in values else reduce(values)

        return largest
    return lambda spans: reduce([value for span in spans if (value := read(span)) is not None])


def _has_own_column(node: Expression) -> bool:
    return isinstance(node, Attribute) and node.scope in ("", "span") and node.name in SPAN


def _sum(values: list[Value]) -> Value:
    """Add what has the type of the first number."""
    if not values:
        return None
    kind = type(values[0])
    if kind not in NUMERIC:
        return None
    total = sum(value for value in values if type(value) is kind)  # type: ignore[misc]  # numbers
    return Duration(total) if kind is Duration else total


def _average(values: list[Value]) -> Value:
    total = _sum(values)
    if total is None:
        return None
    if isinstance(total, Duration):
        return Duration(int(total) // len(values))
    return float(total) / len(values)  # type: ignore[arg-type]  # a number


def _extreme(values: list[Value], *, largest: bool) -> Value:
    """Numbers come before strings, strings before anything else."""
    if not values:
        return None
    return max(values, key=_rank) if largest else min(values, key=_rank)


def _rank(value: Value) -> tuple[int, Any]:
    if type(value) in NUMERIC:
        return 0, value
    if isinstance(value, str):
        return 1, value
    return 2, str(value)


_REDUCERS: dict[str, Callable[[list[Value]], Value]] = {
    "sum": _sum,
    "avg": _average,
    "max": lambda values: _extreme(values, largest=True),
    "min": lambda values: _extreme(values, largest=False),
}
