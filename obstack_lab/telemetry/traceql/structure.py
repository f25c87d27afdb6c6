"""Structural operators: how two sets of spans of one trace relate, by their nested sets.

A span's `left` and `right` enclose those of all its descendants; `parent` is its parent's
`left`. Spans of a trace without a root have no numbers and relate to nothing.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable
from itertools import accumulate
from typing import TypeAlias

from obstack_lab.telemetry.traceql.span import Span

Test: TypeAlias = Callable[[Span], bool]


def relate(op: str, left: list[Span], right: list[Span]) -> list[Span]:
    """Return the spans of `right` that stand in relation to some span of `left`.

    A leading `!` turns that around; a leading `&` adds the related spans of `left`.
    """
    relation = op.lstrip("!&") if op not in ("<", "<<") else op
    related = _RELATIONS[relation](left)
    if op.startswith("!"):
        return [span for span in right if not related(span)]
    found = [span for span in right if related(span)]
    if not op.startswith("&"):
        return found
    reverse = _RELATIONS[_REVERSE[relation]](right)
    return unite([span for span in left if reverse(span)], found)


def unite(left: list[Span], right: list[Span]) -> list[Span]:
    """Return both sets as one, each span once."""
    return list({id(span): span for span in (*left, *right)}.values())


def _child_of(parents: list[Span]) -> Test:
    numbers = {span.left for span in parents if span.left}
    return lambda span: span.left != 0 and span.parent in numbers


def _parent_of(children: list[Span]) -> Test:
    numbers = {span.parent for span in children if span.left}
    return lambda span: span.left != 0 and span.left in numbers


def _descendant_of(ancestors: list[Span]) -> Test:
    spans = sorted((span.left, span.right) for span in ancestors if span.left)
    lefts = [left for left, _ in spans]
    furthest = list(accumulate((right for _, right in spans), max))

    def test(span: Span) -> bool:
        before = bisect_left(lefts, span.left)
        return before > 0 and furthest[before - 1] > span.right

    return test


def _ancestor_of(descendants: list[Span]) -> Test:
    lefts = sorted(span.left for span in descendants if span.left)

    def test(span: Span) -> bool:
        return bisect_left(lefts, span.right) > bisect_right(lefts, span.left)

    return test


def _sibling_of(others: list[Span]) -> Test:
    brood: dict[int, set[int]] = {}
    for span in others:
        if span.parent > 0:
            brood.setdefault(span.parent, set()).add(span.left)

    def test(span: Span) -> bool:
        family = brood.get(span.parent)
        return family is not None and (len(family) > 1 or span.left not in family)

    return test


_RELATIONS: dict[str, Callable[[list[Span]], Test]] = {
    ">": _child_of,
    "<": _parent_of,
    ">>": _descendant_of,
    "<<": _ancestor_of,
    "~": _sibling_of,
}
_REVERSE = {">": "<", "<": ">", ">>": "<<", "<<": ">>", "~": "~"}
