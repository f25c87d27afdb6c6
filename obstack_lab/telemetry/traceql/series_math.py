"""What is done to finished series: `topk`, `bottomk`, comparisons, arithmetic."""

from __future__ import annotations

from collections.abc import Callable

from obstack_lab.telemetry.traceql.operators import COMPARISONS
from obstack_lab.telemetry.traceql.series import Labels, Series, merge
from obstack_lab.telemetry.traceql.syntax import (
    MetricsMath,
    MetricsNode,
    MetricsQuery,
    Number,
    Rank,
    SampleFilter,
    SecondStage,
)


def evaluate(node: MetricsNode, run: Callable[[MetricsQuery], list[Series]]) -> list[Series]:
    """Return the series of a node; `run` answers the queries at its leaves."""
    if isinstance(node, MetricsQuery):
        return apply(run(node), node.second)
    if isinstance(node, MetricsMath):
        return apply(_combine(node, run), node.second)
    return []


def apply(series: list[Series], stages: tuple[SecondStage, ...]) -> list[Series]:
    """Return the series after these stages."""
    for stage in stages:
        series = _rank(series, stage) if isinstance(stage, Rank) else _filter(series, stage)
    return series


def _filter(series: list[Series], stage: SampleFilter) -> list[Series]:
    test = COMPARISONS[stage.op]
    kept = [
        thinned(one, {at: v for at, v in one.points.items() if test(v, stage.value)})
        for one in series
    ]
    return [one for one in kept if one.points]


def _rank(series: list[Series], stage: Rank) -> list[Series]:
    """Keep, in each interval, the first or last by value; equal values go by their labels."""
    ordered = sorted(series, key=Series.identity, reverse=stage.op == "bottomk")
    sign = -1.0 if stage.op == "topk" else 1.0
    points: list[dict[int, float]] = [{} for _ in ordered]
    for at in sorted({at for one in ordered for at in one.points}):
        present = [number for number, one in enumerate(ordered) if at in one.points]
        present.sort(key=lambda number: sign * ordered[number].points[at])
        for number in present[: stage.limit]:
            points[number][at] = ordered[number].points[at]
    return [thinned(one, chosen) for one, chosen in zip(ordered, points, strict=True) if chosen]


def thinned(series: Series, points: dict[int, float]) -> Series:
    """Return a series with these points left, and the exemplars that belong to them."""
    left = [exemplar for exemplar in series.exemplars if exemplar.interval in points]
    return Series(series.labels, points, left)


def _combine(node: MetricsMath, run: Callable[[MetricsQuery], list[Series]]) -> list[Series]:
    if isinstance(node.left, Number) and isinstance(node.right, Number):
        return []
    if isinstance(node.right, Number):
        number = node.right.value
        return _mapped(evaluate(node.left, run), lambda value: _calculate(node.op, value, number))
    if isinstance(node.left, Number):
        number = node.left.value
        return _mapped(evaluate(node.right, run), lambda value: _calculate(node.op, number, value))
    left, right = merge(evaluate(node.left, run)), merge(evaluate(node.right, run))
    out = []
    for identity, mine in left.items():
        other = right.get(identity)
        if other is None:
            continue
        points = {
            at: result
            for at, value in mine.points.items()
            if at in other.points
            and (result := _calculate(node.op, value, other.points[at])) is not None
        }
        if points:
            out.append(Series(_labels(node.op, mine, other), points))
    return out


def _labels(op: str, mine: Series, other: Series) -> Labels:
    names = dict(mine.labels).get("__name__"), dict(other.labels).get("__name__")
    if None in names:
        return mine.labels
    bare = [pair for pair in mine.labels if pair[0] != "__name__"]
    return (("__name__", f"({names[0]} {op} {names[1]})"), *bare)


def _mapped(series: list[Series], change: Callable[[float], float | None]) -> list[Series]:
    out = []
    for one in series:
        points = {at: new for at, v in one.points.items() if (new := change(v)) is not None}
        if points:
            out.append(Series(one.labels, points))
    return out


def _calculate(op: str, left: float, right: float) -> float | None:
    """Return the result; a division by zero has none."""
    if op == "/":
        return left / right if right else None
    return {"+": left + right, "-": left - right, "*": left * right}[op]
