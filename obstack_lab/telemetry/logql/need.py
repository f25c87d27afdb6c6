"""What of its labels and lines a metric query needs: the rest is not read, as in Loki.

It shows: a line that only an unread parser or an unread format could fail on is counted.
"""

from __future__ import annotations

from dataclasses import replace

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.pipeline import StageFunction, compile_stages
from obstack_lab.telemetry.logql.template import compile_template

_PARSERS = (ast.JsonParser, ast.LogfmtParser, ast.TextParser)
_READS_LINE = (ast.LineFilter, *_PARSERS)


def lean(tree: ast.RangeAggregation) -> ast.RangeAggregation:
    """Return the aggregation without the line formats that nothing after them reads."""
    if tree.op.startswith("bytes"):
        return tree
    kept: list[ast.Stage] = []
    read = False
    for stage in reversed(tree.range.selector.stages):
        if isinstance(stage, ast.LineFormat) and not read:
            continue
        read = read or isinstance(stage, _READS_LINE)
        kept.append(stage)
    return _with_stages(tree, tuple(reversed(kept)))


def without_parsers(tree: ast.RangeAggregation) -> ast.RangeAggregation:
    """Return the aggregation without what reads labels out of lines."""
    stages = tree.range.selector.stages
    return _with_stages(tree, tuple(stage for stage in stages if not isinstance(stage, _PARSERS)))


def trims(tree: ast.RangeAggregation) -> bool:
    """Say whether labels without a value go: with any stage that takes labels away."""
    return any(
        isinstance(stage, ast.LabelChoice)
        or (isinstance(stage, ast.LabelFormat) and any(one.rename for one in stage.assignments))
        for stage in tree.range.selector.stages
    )


def _with_stages(tree: ast.RangeAggregation, stages: tuple[ast.Stage, ...]) -> ast.RangeAggregation:
    if stages == tree.range.selector.stages:
        return tree
    selector = ast.Selector(tree.range.selector.matchers, stages)
    return replace(tree, range=replace(tree.range, selector=selector))


def needed(tree: ast.RangeAggregation, grouping: ast.Grouping | None) -> frozenset[str] | None:
    """Return the labels that the aggregation looks at, None where it shows them all."""
    if tree.op == "absent_over_time":
        grouping = ast.Grouping(())
    if grouping is None or grouping.without:
        return None
    names = set(grouping.names)
    for stage in tree.range.selector.stages:
        names |= _read_by(stage)
    if unwrap := tree.range.unwrap:
        names.add(unwrap.label)
        for item in unwrap.filters:
            names |= ast.names_of(item)
    return frozenset(names)


def _read_by(stage: ast.Stage) -> set[str]:
    match stage:
        case ast.LabelFilter():
            return ast.names_of(stage.filter)
        case ast.LineFormat():
            return set(compile_template(stage.template, "line").labels)
        case ast.LabelFormat():
            found: set[str] = set()
            for item in stage.assignments:
                found |= (
                    {item.source}
                    if item.rename
                    else set(compile_template(item.source, "label").labels)
                )
            return found
        case _:
            return set()


def stages_for(stages: tuple[ast.Stage, ...], wanted: frozenset[str] | None) -> list[StageFunction]:
    """Return the functions of the stages; parsers stop where they have read all that is wanted."""
    functions = compile_stages(stages)
    if not wanted:
        return functions
    return [
        _stopping(function, wanted) if isinstance(stage, _PARSERS) else function
        for stage, function in zip(stages, functions, strict=True)
    ]


def _stopping(parse: StageFunction, wanted: frozenset[str]) -> StageFunction:
    """Let a parser's mistake count only where something wanted was still to be read."""

    def stage(entry: Entry) -> bool:
        if entry.parsed.keys() >= wanted:
            return True
        error, details = entry.error, entry.details
        kept = parse(entry)
        if entry.error and not error and entry.parsed.keys() >= wanted:
            entry.error, entry.details = error, details
        return kept

    return stage
