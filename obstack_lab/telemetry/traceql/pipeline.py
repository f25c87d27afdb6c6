"""Pipelines over one trace: filters, operators of span sets, groups, aggregates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from obstack_lab.telemetry.traceql.aggregate import compile_scalar
from obstack_lab.telemetry.traceql.expression import compile_expression, compile_test
from obstack_lab.telemetry.traceql.operators import COMPARISONS, same_kind
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import Value
from obstack_lab.telemetry.traceql.structure import relate, unite
from obstack_lab.telemetry.traceql.syntax import (
    Coalesce,
    Filter,
    Group,
    Pipeline,
    ScalarFilter,
    SpansetExpression,
    SpansetOperation,
    Stage,
    Static,
)
from obstack_lab.telemetry.traceql.view import View


@dataclass(slots=True)
class Spanset:
    """Spans of one trace that belong together, and what stages found out about them."""

    spans: list[Span]
    attributes: dict[str, Value] = field(default_factory=dict)
    scalar: Value = None


Narrow: TypeAlias = Callable[[list[Span]], list[Span]]
Step: TypeAlias = Callable[[list[Spanset]], list[Spanset]]


def compile_pipeline(pipeline: Pipeline, view: View) -> Step:
    """Return the function from the span sets of a trace to those that the query leaves."""
    steps = [_compile_stage(stage, view) for stage in pipeline.stages]

    def run(spansets: list[Spanset]) -> list[Spanset]:
        for step in steps:
            if not spansets:
                return []
            spansets = step(spansets)
        return spansets

    return run


def _compile_stage(stage: Stage, view: View) -> Step:
    if isinstance(stage, Filter | SpansetOperation):
        return _each(_compile_spans(stage, view))
    if isinstance(stage, Pipeline):
        return compile_pipeline(stage, view)
    if isinstance(stage, ScalarFilter):
        return _scalar_filter(stage, view)
    if isinstance(stage, Group):
        return _group(stage, view)
    if isinstance(stage, Coalesce):
        return _coalesce
    return lambda spansets: spansets


def _each(narrow: Narrow) -> Step:
    def step(spansets: list[Spanset]) -> list[Spanset]:
        out = []
        for spanset in spansets:
            spans = narrow(spanset.spans)
            if spans:
                out.append(replace(spanset, spans=spans))
        return out

    return step


def _compile_spans(node: SpansetExpression, view: View) -> Narrow:
    if isinstance(node, Filter):
        if isinstance(node.expression, Static):
            keep = node.expression.value is True
            return lambda spans: spans if keep else []
        test = compile_test(node.expression, view)
        return lambda spans: [span for span in spans if test(span)]
    if isinstance(node, Pipeline):
        run = compile_pipeline(node, view)
        return lambda spans: _united(run([Spanset(spans)]))
    return _compile_operation(node, view)


def _united(spansets: list[Spanset]) -> list[Span]:
    """Return the spans of all sets, each once."""
    out: list[Span] = []
    for spanset in spansets:
        out = unite(out, spanset.spans) if out else spanset.spans
    return out


def _compile_operation(node: SpansetOperation, view: View) -> Narrow:
    left, right = _compile_spans(node.left, view), _compile_spans(node.right, view)
    op = node.op
    if op == "&&":

        def both(spans: list[Span]) -> list[Span]:
            mine, other = left(spans), right(spans)
            return unite(mine, other) if mine and other else []

        return both
    if op == "||":
        return lambda spans: unite(left(spans), right(spans))

    def related(spans: list[Span]) -> list[Span]:
        mine, other = left(spans), right(spans)
        if op.startswith("!"):
            return relate(op, mine, other) if other else []
        return relate(op, mine, other) if mine and other else []

    return related


def _scalar_filter(stage: ScalarFilter, view: View) -> Step:
    scalar = compile_scalar(stage.left, view)
    limit = stage.right.value if isinstance(stage.right, Static) else None
    test = COMPARISONS[stage.op]
    label = str(stage.left)

    def step(spansets: list[Spanset]) -> list[Spanset]:
        out = []
        for spanset in spansets:
            value = scalar(spanset.spans)
            if value is not None and same_kind(value, limit) and test(value, limit):
                attributes = {**spanset.attributes, label: value}
                out.append(Spanset(spanset.spans, attributes, value))
        return out

    return step


def _group(stage: Group, view: View) -> Step:
    evaluate = compile_expression(stage.expression, view)
    label = str(stage)

    def step(spansets: list[Spanset]) -> list[Spanset]:
        out: list[Spanset] = []
        for spanset in spansets:
            groups: dict[tuple[type, Value], Spanset] = {}
            for span in spanset.spans:
                value = evaluate(span)
                key = (type(value), value)
                group = groups.get(key)
                if group is None:
                    groups[key] = group = Spanset([], {**spanset.attributes, label: value})
                group.spans.append(span)
            out.extend(groups.values())
        return out

    return step


def _coalesce(spansets: list[Spanset]) -> list[Spanset]:
    return [Spanset(_united(spansets))]
