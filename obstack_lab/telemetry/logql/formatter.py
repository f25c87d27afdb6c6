"""Writes a query over several lines, as `format_query` and a notebook show it."""

from __future__ import annotations

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.gonumber import (
    format_calendar_duration,
    format_duration,
    format_float,
    quote,
)

WIDEST = 100


def pretty(tree: ast.Query, *, widest: int = WIDEST) -> str:
    """Return the query, split wherever a part is wider than `widest` signs."""
    return _Formatter(widest).query(tree, 0)


def _pad(level: int) -> str:
    return "  " * level


def _grouping(grouping: ast.Grouping | None) -> str:
    if grouping is None or not grouping.says_something:
        return ""
    return f" {'without' if grouping.without else 'by'} ({', '.join(grouping.names)})"


class _Formatter:
    def __init__(self, widest: int) -> None:
        self.widest = widest

    def query(self, tree: ast.Query, level: int) -> str:  # noqa: PLR0911 - one return a case
        flat = str(tree)
        if len(flat) <= self.widest:
            return _pad(level) + flat
        match tree:
            case ast.Selector():
                return self._selector(tree, level)
            case ast.RangeAggregation():
                return self._range(tree, level)
            case ast.VectorAggregation():
                return self._vector(tree, level)
            case ast.Binary():
                left, right = self.query(tree.left, level + 1), self.query(tree.right, level + 1)
                matching = tree.matching if tree.matching != ast.Matching(on=True) else ""
                return f"{left}\n{_pad(level)}{tree.op}{matching}\n{right}"
            case ast.LabelReplace():
                words = (tree.target, tree.replacement, tree.source, tree.regex)
                parts = [
                    self.query(tree.inner, level + 1),
                    *(_pad(level + 1) + quote(word) for word in words),
                ]
                inner = ",\n".join(parts)
                return f"{_pad(level)}label_replace(\n{inner}\n{_pad(level)})"
            case _:
                return _pad(level) + flat

    def _selector(self, tree: ast.Selector, level: int) -> str:
        lines = [_pad(level) + str(ast.Selector(tree.matchers))]
        for before, stage in zip((None, *tree.stages), tree.stages, strict=False):
            if isinstance(before, ast.LineFilter) and isinstance(stage, ast.LineFilter):
                lines[-1] += f" {stage}"
            else:
                lines.append(f"{_pad(level + 1)}{stage}")
        return "\n".join(lines)

    def _range(self, tree: ast.RangeAggregation, level: int) -> str:
        extent = tree.range
        inner = self.query(extent.selector, level + 1)
        if unwrap := extent.unwrap:
            parts = [str(ast.Unwrap(unwrap.label, unwrap.conversion))]
            parts += [f"| {item}" for item in unwrap.filters]
            inner = "\n".join((inner, *(_pad(level + 2) + part for part in parts)))
        inner += f" [{format_calendar_duration(extent.interval)}]"
        if extent.offset:
            inner += f" offset {format_duration(extent.offset)}"
        parameter = ""
        if tree.parameter is not None:
            parameter = f"{_pad(level + 1)}{format_float(tree.parameter)},\n"
        grouping = _grouping(tree.grouping)
        return f"{_pad(level)}{tree.op}(\n{parameter}{inner}\n{_pad(level)}){grouping}"

    def _vector(self, tree: ast.VectorAggregation, level: int) -> str:
        grouping = _grouping(tree.grouping)
        parameter = "" if tree.parameter is None else f"{_pad(level + 1)}{tree.parameter},\n"
        inner = self.query(tree.inner, level + 1)
        return f"{_pad(level)}{tree.op}{grouping}(\n{parameter}{inner}\n{_pad(level)})"
