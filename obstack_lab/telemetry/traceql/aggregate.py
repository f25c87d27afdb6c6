"""Aggregates over the spans of a set: `count`, `avg`, `max`, `min`, `sum`, and their arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from obstack_lab.telemetry.traceql.expression import compile_expression
from obstack_lab.telemetry.traceql.operators import calculate
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import NUMERIC, Duration, Value
from obstack_lab.telemetry.traceql.syntax import Aggregate, ScalarExpression, ScalarOperation
from obstack_lab.telemetry.traceql.syntax import Static
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
    return lambda spans: reduce([value for span in spans if (value := read(span)) is not None])


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
    if not values or any(type(value) not in NUMERIC for value in values):
        return None
    return max(values) if largest else min(values)  # type: ignore[type-var]  # numbers


_REDUCERS: dict[str, Callable[[list[Value]], Value]] = {
    "sum": _sum,
    "avg": _average,
    "max": lambda values: _extreme(values, largest=True),
    "min": lambda values: _extreme(values, largest=False),
}
