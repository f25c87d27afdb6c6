"""Aggregations across series: `sum by (…)`, `topk`, `sort` and their kin."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from operator import itemgetter

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.sample import LabelSet, filled
from obstack_lab.telemetry.logql.windows import largest, mean, smallest, variance

Matrix = dict[LabelSet, list[float | None]]


def group_key(labels: LabelSet, grouping: ast.Grouping | None) -> LabelSet:
    """Return the labels that a series keeps in its group."""
    if grouping is None:
        return ()
    if grouping.without:
        return tuple(pair for pair in filled(labels) if pair[0] not in grouping.names)
    return tuple(pair for pair in labels if pair[0] in grouping.names)


def aggregate(tree: ast.VectorAggregation, inner: Matrix, steps: int) -> Matrix:
    """Return the aggregation's result at every step."""
    if tree.op in ("sort", "sort_desc"):
        return _sorted(inner, descending=tree.op == "sort_desc")
    groups: dict[LabelSet, list[tuple[LabelSet, list[float | None]]]] = {}
    for labels, row in inner.items():
        groups.setdefault(group_key(labels, tree.grouping), []).append((labels, row))
    if tree.op in ("topk", "bottomk", "approx_topk"):
        return _extremes(tree, groups, steps)
    function = _FUNCTIONS[tree.op]
    return {
        key: _columns(function, [row for _, row in members], steps)
        for key, members in groups.items()
    }


def _columns(
    function: Callable[[Sequence[float]], float], rows: list[list[float | None]], steps: int
) -> list[float | None]:
    result: list[float | None] = []
    for step in range(steps):
        values = [value for row in rows if (value := row[step]) is not None]
        result.append(function(values) if values else None)
    return result


_FUNCTIONS: dict[str, Callable[[Sequence[float]], float]] = {
    "sum": lambda values: math.fsum(values) if all(map(math.isfinite, values)) else sum(values),
    "avg": mean,
    "max": largest,
    "min": smallest,
    "count": lambda values: float(len(values)),
    "stddev": lambda values: math.sqrt(variance(values)),
    "stdvar": variance,
}


def _extremes(
    tree: ast.VectorAggregation,
    groups: dict[LabelSet, list[tuple[LabelSet, list[float | None]]]],
    steps: int,
) -> Matrix:
    count = tree.parameter or 1
    lowest = tree.op == "bottomk"
    result: Matrix = {}
    for members in groups.values():
        members.sort(key=itemgetter(0))
        for step in range(steps):
            present = [
                (_rank(value, lowest=lowest), value, labels)
                for labels, row in members
                if (value := row[step]) is not None
            ]
            for _, value, labels in first_ranked(present, count):
                result.setdefault(labels, [None] * steps)[step] = value
    return result


def first_ranked(
    items: Sequence[tuple[tuple[bool, float], float, LabelSet]], count: int
) -> list[tuple[tuple[bool, float], float, LabelSet]]:
    """Return the `count` items of the first ranks, best first.

    Which of equal ones stay is as a binary heap of the best so far has it, the worst on top: a
    better item takes the place of the top.
    """
    heap: list[tuple[tuple[bool, float], float, LabelSet]] = []
    for item in items:
        if len(heap) < count:
            heap.append(item)
            _rise(heap, len(heap) - 1)
        elif item[0] < heap[0][0]:
            heap[0], heap[-1] = heap[-1], heap[0]
            heap.pop()
            _sink(heap)
            heap.append(item)
            _rise(heap, len(heap) - 1)
    return sorted(heap, key=itemgetter(0))


def _rise(heap: list[tuple[tuple[bool, float], float, LabelSet]], place: int) -> None:
    while place:
        above = (place - 1) // 2
        if heap[place][0] <= heap[above][0]:
            return
        heap[place], heap[above] = heap[above], heap[place]
        place = above


def _sink(heap: list[tuple[tuple[bool, float], float, LabelSet]]) -> None:
    place = 0
    while (below := 2 * place + 1) < len(heap):
        if below + 1 < len(heap) and heap[below + 1][0] > heap[below][0]:
            below += 1
        if heap[below][0] <= heap[place][0]:
            return
        heap[place], heap[below] = heap[below], heap[place]
        place = below


def _rank(value: float, *, lowest: bool) -> tuple[bool, float]:
    """Order numbers from the wanted end, with what is no number last."""
    if math.isnan(value):
        return (True, 0.0)
    return (False, value if lowest else -value)


def _sorted(inner: Matrix, *, descending: bool) -> Matrix:
    def rank(item: tuple[LabelSet, list[float | None]]) -> tuple[bool, float]:
        value = item[1][-1]
        return (True, 0.0) if value is None else _rank(value, lowest=not descending)

    return dict(sorted(inner.items(), key=rank))
