"""Metrics functions, what follows them, and arithmetic of series."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from obstack_lab.telemetry.traceql import token as kinds
from obstack_lab.telemetry.traceql.expression_parser import parse_field
from obstack_lab.telemetry.traceql.parser import TokenStream
from obstack_lab.telemetry.traceql.static import Duration
from obstack_lab.telemetry.traceql.syntax import (
    Field,
    Filter,
    MetricsAggregate,
    MetricsMath,
    MetricsNode,
    MetricsQuery,
    Number,
    Rank,
    SampleFilter,
    SecondStage,
    Static,
)
from obstack_lab.telemetry.traceql.token import Token

WITH_FIELD = (
    "min_over_time", "max_over_time", "avg_over_time", "sum_over_time", "histogram_over_time",
)  # fmt: skip
METRICS_FUNCTIONS = frozenset(
    ("rate", "count_over_time", "quantile_over_time", "compare", *WITH_FIELD)
)
SAMPLE_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_NUMBERS = (kinds.INTEGER, kinds.FLOAT, kinds.DURATION)


def parse_aggregate(stream: TokenStream, parse_filter: Callable[[], Filter]) -> MetricsAggregate:
    """Parse a metrics function with its `by(…)`."""
    op = stream.take().kind
    stream.expect("(")
    if op == "compare":
        return _compare(stream, parse_filter)
    field: Field | None = None
    quantiles: list[float] = []
    if op == "quantile_over_time":
        field = parse_field(stream)
        stream.expect(",")
        quantiles.append(_quantile(stream))
        while stream.accept(","):
            quantiles.append(_quantile(stream))
        stream.expect(")", told=(")", ","))
    elif op in WITH_FIELD:
        field = parse_field(stream)
        stream.expect(")")
    else:
        stream.expect(")")
    by: list[Field] = []
    if stream.accept("by"):
        stream.expect("(")
        by.append(parse_field(stream))
        while stream.accept(","):
            by.append(parse_field(stream))
        stream.expect(")", told=(")", ","))
    return MetricsAggregate(op, field, tuple(by), tuple(quantiles))


def _quantile(stream: TokenStream) -> float:
    return float(stream.expect(kinds.INTEGER, kinds.FLOAT).value)  # type: ignore[arg-type]  # a number


def _compare(stream: TokenStream, parse_filter: Callable[[], Filter]) -> MetricsAggregate:
    selection = parse_filter()
    numbers: list[int] = []
    while len(numbers) < 3 and stream.accept(","):
        numbers.append(int(stream.expect(kinds.INTEGER).value))  # type: ignore[call-overload]  # an int
    stream.expect(")", told=(")",) if len(numbers) == 3 else (")", ","))
    limit = numbers[0] if numbers else 10
    window = (numbers[1], numbers[2]) if len(numbers) == 3 else (0, 0)
    return MetricsAggregate("compare", selection=selection, limit=limit, window=window)


def parse_second_stages(stream: TokenStream) -> tuple[SecondStage, ...]:
    """Parse `| topk(5)`, `| bottomk(5)` and `> 10`, in any order and number."""
    stages: list[SecondStage] = []
    while True:
        if stream.kind == "|":
            stream.take()
            op = stream.expect("topk", "bottomk").kind
            stream.expect("(")
            limit = int(stream.expect(kinds.INTEGER).value)  # type: ignore[call-overload]  # an int
            stream.expect(")")
            stages.append(Rank(op, limit))
        elif stream.kind in SAMPLE_COMPARISONS:
            op = stream.take().kind
            number = parse_number(stream)
            if number is None:
                stream.unexpected()
            stages.append(SampleFilter(op, seconds(number)))
        else:
            return tuple(stages)


def parse_number(stream: TokenStream) -> Static | None:
    """Parse a number with its sign, or return None where something else stands."""
    if stream.kind == "-" and stream.after() in _NUMBERS:
        stream.take()
        value: Any = stream.take()
        return Static(Duration(-value.value) if value.kind == kinds.DURATION else -value.value)
    if stream.kind in _NUMBERS:
        value = stream.take()
        return Static(Duration(value.value) if value.kind == kinds.DURATION else value.value)
    return None


def seconds(number: Static) -> float:
    """Return a number of metrics arithmetic; durations count in seconds."""
    value = number.value
    if isinstance(value, Duration):
        return value / 1e9
    return float(value)  # type: ignore[arg-type]  # the parser lets only numbers pass


def combine(stream: TokenStream, token: Token, left: object, right: object) -> MetricsMath:
    """Make arithmetic of series out of two sides; each is a metrics node or a number."""
    sides: list[MetricsNode] = []
    for side in (left, right):
        if isinstance(side, Static) and not isinstance(side.value, Duration):
            sides.append(Number(seconds(side)))
        elif isinstance(side, MetricsQuery | MetricsMath):
            sides.append(side)
        else:
            stream.fail(f"syntax error: unexpected {token.kind}", token)
    return MetricsMath(token.kind, sides[0], sides[1])


def with_second(
    node: MetricsQuery | MetricsMath, stages: tuple[SecondStage, ...]
) -> MetricsQuery | MetricsMath:
    """Append second stages to a node."""
    return dataclasses.replace(node, second=(*node.second, *stages)) if stages else node
