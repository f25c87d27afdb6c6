"""Whole queries: span sets, pipelines, metrics, arithmetic of metrics, hints."""

from __future__ import annotations

from typing import TypeAlias

from obstack_lab.telemetry.traceql import token as kinds
from obstack_lab.telemetry.traceql.errors import ParseFailure
from obstack_lab.telemetry.traceql.expression_parser import (
    MOST_OPERATORS,
    fold,
    parse_expression,
    parse_field,
    parse_literal,
)
from obstack_lab.telemetry.traceql.metrics_parser import (
    METRICS_FUNCTIONS,
    combine,
    parse_aggregate,
    parse_number,
    parse_second_stages,
    with_second,
)
from obstack_lab.telemetry.traceql.parser import TokenStream
from obstack_lab.telemetry.traceql.static import Value
from obstack_lab.telemetry.traceql.syntax import (
    Aggregate,
    Binary,
    Coalesce,
    Filter,
    Group,
    MetricsMath,
    MetricsNode,
    MetricsQuery,
    Pipeline,
    Query,
    ScalarExpression,
    ScalarFilter,
    ScalarOperation,
    Select,
    SpansetExpression,
    SpansetOperation,
    Stage,
    Static,
)
from obstack_lab.telemetry.traceql.token import Token

AGGREGATES = ("count", "avg", "max", "min", "sum")
STRUCTURAL = (
    ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~",
)  # fmt: skip
_SPANSET_BINDING = {"&&": 1, "||": 1} | dict.fromkeys(STRUCTURAL, 2)
_SCALAR_BINDING = {"+": 3, "-": 3, "*": 5, "/": 5, "%": 5, "^": 6}
_METRICS_BINDING = {"+": 3, "-": 3, "*": 5, "/": 5}
_SCALAR_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")

_NUMBERS = (kinds.INTEGER, kinds.FLOAT, kinds.DURATION)

Node: TypeAlias = SpansetExpression | ScalarExpression | MetricsNode


def parse(query: str) -> Query:
    """Return the tree of a query; raises ParseFailure. Types are not checked here."""
    try:
        return _Parser(query).query()
    except RecursionError as error:
        raise ParseFailure("parse error: the query is nested too deeply", query=query) from error


def is_spanset(node: object) -> bool:
    """Say whether a node yields spans."""
    if isinstance(node, Pipeline):
        return not isinstance(node.stages[-1], Aggregate | ScalarOperation | Static)
    return isinstance(node, Filter | SpansetOperation)


def _binding(left: object) -> dict[str, int]:
    """Return the operators that fit a left side, and how tightly they bind."""
    if is_spanset(left):
        return _SPANSET_BINDING
    return _METRICS_BINDING if is_metrics(left) else _SCALAR_BINDING


def is_metrics(node: object) -> bool:
    """Say whether a node yields series."""
    return isinstance(node, MetricsQuery | MetricsMath)


class _Parser:
    def __init__(self, query: str) -> None:
        self.stream = TokenStream(query)
        self.text = query
        self.plain_spans = [False]
        """Whether what is parsed stands beside a filter, so that no pipeline may."""

    def query(self) -> Query:
        stream = self.stream
        node = self.chain(inside=False)
        if isinstance(node, MetricsQuery | MetricsMath):
            node = with_second(node, parse_second_stages(stream))
        hints = self.hints() if stream.kind == "with" else {}
        if stream.kind != kinds.END:
            stream.unexpected("with")
        if isinstance(node, MetricsQuery | MetricsMath):
            return Query(self.text, metrics=node, hints=hints)
        return Query(self.text, pipeline=node, hints=hints)  # type: ignore[arg-type]  # a number never comes alone

    def chain(self, *, inside: bool, metrics_only: bool = False) -> Pipeline | MetricsNode:
        """Parse `stage | stage | …`, as far as it goes; `inside` parentheses scalars may end it."""
        stream = self.stream
        stream.deeper()
        first = self.first_stage(inside=inside)
        if isinstance(first, MetricsMath | MetricsQuery):
            stream.shallower()
            return first
        stages: list[Stage] = [first]  # type: ignore[list-item]  # a number never comes alone
        if self.plain_spans[-1] and stream.kind == "|":
            stream.unexpected()
        while stream.accept("|"):
            if stream.kind in METRICS_FUNCTIONS:
                aggregate = parse_aggregate(stream, self.filter)
                second = parse_second_stages(stream)
                stream.shallower()
                return MetricsQuery(Pipeline(tuple(stages)), aggregate, second)
            stages.append(self.stage(inside=inside))
        if metrics_only and is_spanset(Pipeline(tuple(stages))):
            stream.unexpected("|")
        stream.shallower()
        return Pipeline(tuple(stages))

    def first_stage(self, *, inside: bool) -> Stage | MetricsNode:
        stream = self.stream
        if stream.kind == "by":
            return self.group()
        if stream.kind == "select":
            return self.select()
        node = self.operation(1)
        return self.settled(node, inside=inside)

    def stage(self, *, inside: bool) -> Stage:
        stream = self.stream
        if stream.kind == "by":
            return self.group()
        if stream.kind == "select":
            return self.select()
        if stream.kind == "coalesce":
            stream.take()
            stream.expect("(")
            stream.expect(")")
            return Coalesce()
        if stream.kind not in ("{", "(", "-", *AGGREGATES, *_NUMBERS):
            stream.unexpected()
        node = self.settled(self.operation(1), inside=inside)
        if isinstance(node, MetricsQuery | MetricsMath):
            stream.unexpected()
        return node  # type: ignore[return-value]  # a number never comes alone

    def settled(self, node: Node, *, inside: bool) -> Stage | MetricsNode:
        """Turn what an operation gave into a stage; a scalar needs its comparison."""
        stream = self.stream
        if isinstance(node, MetricsQuery | MetricsMath):
            return node
        if is_spanset(node):
            return node  # type: ignore[return-value]  # spans are stages
        if stream.kind in _SCALAR_COMPARISONS:
            op = stream.take().kind
            if stream.kind not in ("(", "-", *AGGREGATES, *_NUMBERS):
                stream.unexpected()
            right = self.operation(3)
            if is_spanset(right) or is_metrics(right):
                stream.unexpected()
            return ScalarFilter(op, node, right)  # type: ignore[arg-type]  # both are scalars
        if inside and stream.kind == ")" and isinstance(node, Aggregate | ScalarOperation):
            return node
        if inside and stream.kind == ")" and isinstance(node, Static):
            return node  # type: ignore[return-value]  # `primary` unpacks it
        return stream.unexpected()

    def operation(self, least: int) -> Node:
        """Parse operands and the operators that fit what stands on their left."""
        stream = self.stream
        stream.deeper()
        left, chained = self.primary(), 0
        while True:
            op = stream.kind
            binding = _binding(left).get(op, 0)
            if binding < least or not binding:
                break
            chained += 1
            if chained > MOST_OPERATORS:
                stream.fail(f"more than {MOST_OPERATORS} operators in a row", stream.next)
            token = stream.take()
            if is_spanset(left):
                left = self.spanset_operation(op, left, binding)
            else:
                left = self.arithmetic(token, left, binding)
        stream.shallower()
        return left

    def spanset_operation(self, op: str, left: Node, binding: int) -> SpansetOperation:
        """Parse the right side: filters go with filters, pipelines in parentheses with such."""
        stream = self.stream
        whole = isinstance(left, Pipeline) or (
            isinstance(left, SpansetOperation) and isinstance(left.right, Pipeline)
        )
        if whole and stream.kind != "(":
            stream.unexpected("(")
        if stream.kind not in ("{", "("):
            stream.unexpected("{", "(")
        self.plain_spans.append(not whole)
        right = self.operation(binding + 1)
        self.plain_spans.pop()
        if not is_spanset(right):
            stream.unexpected()
        return SpansetOperation(op, left, right)  # type: ignore[arg-type]  # both yield spans

    def arithmetic(self, token: Token, left: Node, binding: int) -> Node:
        stream, op = self.stream, token.kind
        if stream.kind not in ("(", "-", *AGGREGATES, *_NUMBERS):
            stream.unexpected()
        right = self.operation(binding if op == "^" else binding + 1)
        if is_spanset(right):
            stream.unexpected(*(("|",) if is_metrics(left) else ()))
        if is_metrics(left) or is_metrics(right):
            return combine(stream, token, left, right)
        if isinstance(left, Static) and isinstance(right, Static):
            folded = fold(Binary(op, left, right))
            if isinstance(folded, Static):
                return folded
        return ScalarOperation(op, left, right)  # type: ignore[arg-type]  # both are scalars

    def primary(self) -> Node:
        stream = self.stream
        if stream.kind == "{":
            return self.filter()
        if stream.kind == "(":
            stream.take()
            before = self.tokens_before_paren()
            inner = self.chain(inside=True, metrics_only=before)
            if isinstance(inner, MetricsQuery | MetricsMath):
                inner = with_second(inner, parse_second_stages(stream))
            stream.expect(")", told=(")", "|"))
            return _unwrapped(inner)
        if stream.kind in AGGREGATES:
            return self.aggregate()
        number = parse_number(stream)
        if number is not None:
            return number
        return stream.unexpected()

    def tokens_before_paren(self) -> bool:
        """Say whether the parenthesis just opened is the right side of metrics arithmetic."""
        tokens, at = self.stream.tokens, self.stream.position - 2
        if at < 1 or tokens[at].kind not in _METRICS_BINDING:
            return False
        return any(token.kind in METRICS_FUNCTIONS for token in tokens[:at])

    def filter(self) -> Filter:
        stream = self.stream
        stream.expect("{")
        if stream.accept("}"):
            return Filter(Static(True))
        expression = parse_expression(stream)
        stream.expect("}", told=())
        return Filter(expression)

    def aggregate(self) -> Aggregate:
        stream = self.stream
        op = stream.take().kind
        stream.expect("(")
        if op == "count":
            stream.expect(")")
            return Aggregate(op)
        expression = parse_expression(stream)
        stream.expect(")", told=())
        return Aggregate(op, expression)

    def group(self) -> Group:
        stream = self.stream
        stream.take()
        stream.expect("(")
        expression = parse_expression(stream)
        stream.expect(")", told=())
        return Group(expression)

    def select(self) -> Select:
        stream = self.stream
        stream.take()
        stream.expect("(")
        fields = [parse_field(stream)]
        while stream.accept(","):
            fields.append(parse_field(stream))
        stream.expect(")", told=(")", ","))
        return Select(tuple(fields))

    def hints(self) -> dict[str, Value]:
        stream = self.stream
        stream.take()
        stream.expect("(")
        found: dict[str, Value] = {}
        while True:
            name = stream.expect(kinds.IDENTIFIER).text
            stream.expect("=")
            negative = stream.accept("-")
            literal = parse_literal(stream)
            if literal is None:
                stream.unexpected()
            value = literal.value
            found[name] = -value if negative and isinstance(value, int | float) else value
            if not stream.accept(","):
                break
        stream.expect(")", told=(")", ","))
        return found


def _unwrapped(inner: Pipeline | MetricsNode) -> Node:
    """Drop parentheses that hold one span set expression, one aggregate or one number."""
    if isinstance(inner, Pipeline) and len(inner.stages) == 1:
        only = inner.stages[0]
        if isinstance(only, Filter | SpansetOperation | Aggregate | ScalarOperation | Static):
            return only
        if isinstance(only, Pipeline):
            return only
    return inner
