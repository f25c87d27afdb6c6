"""The `q` of tag requests: read leniently, as it is while someone types, and made simpler."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from obstack_lab.telemetry.tempo.deadline import Deadline
from obstack_lab.telemetry.tempo.planner import Plan
from obstack_lab.telemetry.tempo.predicate import Predicate, Translator
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.conditions import request_of
from obstack_lab.telemetry.traceql.errors import TraceQLError
from obstack_lab.telemetry.traceql.expression import compile_test
from obstack_lab.telemetry.traceql.query_parser import parse
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.syntax import (
    Attribute,
    Binary,
    Expression,
    Field,
    Filter,
    Intrinsic,
    MetricsQuery,
    Pipeline,
    Static,
    Unary,
)
from obstack_lab.telemetry.traceql.validator import validate
from obstack_lab.telemetry.traceql.view import TRACE_LEVEL, View

LONGEST_TYPED = 5_000
"""A longer query filters no tags: nobody is typing it."""


def lenient(text: str) -> Expression | None:
    """Return what a perhaps unfinished query filters by; None where that is nothing."""
    if not text.strip() or len(text) > LONGEST_TYPED:
        return None
    try:
        return _first_filter(text)
    except TraceQLError:
        return _pieces(text)


def _first_filter(text: str) -> Expression | None:
    query = parse(text)
    validate(query)
    pipeline = query.pipeline
    if pipeline is None and isinstance(query.metrics, MetricsQuery):
        pipeline = query.metrics.pipeline
    if pipeline is None or not isinstance(pipeline.stages[0], Filter):
        return None
    return pipeline.stages[0].expression


def _pieces(text: str) -> Expression | None:
    """Keep the complete conditions of a broken conjunction."""
    inside = text.partition("{")[2].rpartition("}")
    body = inside[0] if inside[1] else inside[2]
    pieces = body.split("&&")
    if "||" in body or not all(piece.strip() for piece in pieces):
        return None
    whole: Expression | None = None
    for piece in pieces:
        try:
            found = _first_filter("{" + piece + "}")
        except TraceQLError:
            continue
        if found is not None:
            whole = found if whole is None else Binary("&&", whole, found)
    return whole


def reduced(node: Expression | None, keep: Callable[[Field], bool]) -> Expression | None:
    """Return the node without conditions on fields that are not kept; None is no condition."""
    if node is None or isinstance(node, Static):
        return None
    if isinstance(node, Attribute | Intrinsic):
        return node if keep(node) else None
    if isinstance(node, Unary):
        inner = reduced(node.operand, keep)
        return None if inner is None else Unary(node.op, inner)
    if node.op in ("&&", "||"):
        left, right = reduced(node.left, keep), reduced(node.right, keep)
        if left is not None and right is not None:
            return Binary(node.op, left, right)
        return None if node.op == "||" else left if right is None else right
    return node if all(keep(target) for target in fields(node)) else None


def fields(node: Expression) -> Iterator[Field]:
    """Yield every field of an expression."""
    if isinstance(node, Attribute | Intrinsic):
        yield node
    elif isinstance(node, Unary):
        yield from fields(node.operand)
    elif isinstance(node, Binary):
        yield from fields(node.left)
        yield from fields(node.right)


def has_scope(target: Field) -> bool:
    """Say whether a field names its scope; others do not filter tags."""
    return isinstance(target, Intrinsic) or target.scope != ""


class TagFilter:
    """Which spans a request for tags looks at."""

    def __init__(self, store: SpanStore, text: str, deadline: Deadline) -> None:
        self.store = store
        self.deadline = deadline
        self.given = lenient(text)
        self.expression = reduced(self.given, has_scope)

    @property
    def by_trace(self) -> bool:
        """Say whether it filters by what only whole traces have."""
        return self.expression is not None and any(
            isinstance(target, Intrinsic) and target.name in TRACE_LEVEL
            for target in fields(self.expression)
        )

    @property
    def finds_all(self) -> bool:
        """Say whether it filters no names: one field without a scope, and it does not."""
        return self.given is None or not all(map(has_scope, fields(self.given)))

    @property
    def outer(self) -> bool:
        """Say whether it filters by what belongs to traces or resources, not to spans alone."""
        inner = (
            target.name not in TRACE_LEVEL
            if isinstance(target, Intrinsic)
            else target.scope != "resource"
            for target in (() if self.given is None else fields(self.given))
        )
        return not all(inner)

    def predicate(self) -> Predicate | None:
        """Return the filter as SQL; None where SQL cannot say it."""
        if self.expression is None:
            return Predicate("true", exact=True)
        pipeline = Pipeline((Filter(self.expression),))
        translator = Translator(self.store.columns, self.store.decoder, request_of(pipeline))
        predicate = translator.predicate(self.expression)
        return predicate if predicate.exact else None

    def spans(self) -> Iterator[Span]:
        """Yield the spans that pass, by looking at them."""
        expression = Static(True) if self.expression is None else self.expression
        pipeline = Pipeline((Filter(expression),))
        test = compile_test(expression, View())
        request = request_of(pipeline)
        request.related = True
        for page in Plan(self.store, pipeline, request, None).traces():
            self.deadline.check()
            for trace in page:
                yield from (span for span in trace.spans if test(span))
