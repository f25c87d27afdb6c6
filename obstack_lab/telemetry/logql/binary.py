"""Binary operations between numbers and matrices: arithmetic, comparisons, sets, matching."""

from __future__ import annotations

from collections.abc import Callable

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.arithmetic import COMPARISONS, calculate
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.sample import LabelSet, filled

Row = list[float | None]
Matrix = dict[LabelSet, Row]
MANY_TO_MANY = (
    "found duplicate series on the {side} hand-side;many-to-many matching not allowed: "
    "matching labels must be unique on one side"
)
MULTIPLE = (
    "multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)"
)
NOT_UNIQUE = "multiple matches for labels: grouping labels must ensure unique matches"


def combine(
    tree: ast.Binary, left: Matrix | float, right: Matrix | float, steps: int
) -> Matrix | float:
    """Return `left op right` at every step."""
    op, filters = tree.op, not tree.matching.returns_bool
    if isinstance(left, float) and isinstance(right, float):
        value = calculate(op, left, right, filters=False)
        return 0.0 if value is None else value
    if isinstance(right, float):
        number = right
        return _each(left, lambda value: calculate(op, value, number, filters=filters))  # type: ignore[arg-type]  # one of the two is a matrix
    if isinstance(left, float):
        number = left
        return _each(right, lambda value: _swapped(op, number, value, filters=filters))
    if op in ("and", "or", "unless"):
        return _sets(tree, left, right, steps)
    return _matched(tree, left, right, steps)


def _swapped(op: str, number: float, value: float, *, filters: bool) -> float | None:
    """Compare or calculate with the number on the left; a filter keeps the vector's value."""
    if op in COMPARISONS and filters:
        return value if calculate(op, number, value, filters=False) else None
    return calculate(op, number, value, filters=filters)


def _each(matrix: Matrix, function: Callable[[float], float | None]) -> Matrix:
    result: Matrix = {}
    for labels, row in matrix.items():
        changed = [None if value is None else function(value) for value in row]
        if any(value is not None for value in changed):
            result[labels] = changed
    return result


def match_key(labels: LabelSet, matching: ast.Matching) -> LabelSet:
    """Return the labels by which a series finds its partner."""
    labels = filled(labels)
    if matching.on:
        return tuple(pair for pair in labels if pair[0] in matching.names)
    if matching.names:
        return tuple(pair for pair in labels if pair[0] not in matching.names)
    return labels


def _sets(tree: ast.Binary, left: Matrix, right: Matrix, steps: int) -> Matrix:  # noqa: C901 - one branch a case
    def present(matrix: Matrix) -> list[set[LabelSet]]:
        seen: list[set[LabelSet]] = [set() for _ in range(steps)]
        for labels, row in matrix.items():
            key = match_key(labels, tree.matching)
            for step, value in enumerate(row):
                if value is not None:
                    seen[step].add(key)
        return seen

    def kept(matrix: Matrix, others: list[set[LabelSet]], *, wanted: bool) -> Matrix:
        result: Matrix = {}
        for labels, row in matrix.items():
            key = match_key(labels, tree.matching)
            chosen = [
                value if (key in others[step]) is wanted else None for step, value in enumerate(row)
            ]
            if any(value is not None for value in chosen):
                result[labels] = chosen
        return result

    if tree.op == "and":
        return kept(left, present(right), wanted=True)
    if tree.op == "unless":
        return kept(left, present(right), wanted=False)
    result = dict(left)
    for labels, row in kept(right, present(left), wanted=False).items():
        own = result.get(labels)
        result[labels] = (
            row if own is None else [b if a is None else a for a, b in zip(own, row, strict=True)]
        )
    return result


def _matched(tree: ast.Binary, left: Matrix, right: Matrix, steps: int) -> Matrix:
    matching = tree.matching
    swapped = matching.group == "group_right"
    many, one = (right, left) if swapped else (left, right)
    singles: list[dict[LabelSet, tuple[LabelSet, float]]] = [{} for _ in range(steps)]
    for labels, row in one.items():
        key = match_key(labels, matching)
        for step, value in enumerate(row):
            if value is None:
                continue
            if key in singles[step]:
                side = "left" if swapped else "right"
                raise LogqlError(MANY_TO_MANY.format(side=side))
            singles[step][key] = (labels, value)
    result: Matrix = {}
    seen: list[set[LabelSet]] = [set() for _ in range(steps)]
    for labels, row in many.items():
        key = match_key(labels, matching)
        for step, value in enumerate(row):
            if value is None or key not in singles[step]:
                continue
            partner, other = singles[step][key]
            pair = (other, value) if swapped else (value, other)
            outcome = calculate(tree.op, *pair, filters=not matching.returns_bool)
            if outcome is None:
                continue
            target = result_labels(labels, partner, matching, key)
            if target in seen[step]:
                raise LogqlError(NOT_UNIQUE if matching.group else MULTIPLE)
            seen[step].add(target)
            result.setdefault(target, [None] * steps)[step] = outcome
    return result


def result_labels(many: LabelSet, one: LabelSet, matching: ast.Matching, key: LabelSet) -> LabelSet:
    """Return the labels of a pair's result."""
    if not matching.group:
        return key
    labels = dict(filled(many))
    partner = dict(one)
    for name in matching.include:
        if value := partner.get(name):
            labels[name] = value
        else:
            labels.pop(name, None)
    return tuple(sorted(labels.items()))
