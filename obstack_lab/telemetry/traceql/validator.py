"""The type check: what parses but cannot mean anything is refused here."""

from __future__ import annotations

from typing import NoReturn

from obstack_lab.telemetry.traceql.errors import TypeFailure, Unsupported
from obstack_lab.telemetry.traceql.operators import ARITHMETIC, ORDERINGS, REGEXES, pattern
from obstack_lab.telemetry.traceql.static import Duration, Kind, Status
from obstack_lab.telemetry.traceql.syntax import (
    Aggregate,
    Attribute,
    Binary,
    Coalesce,
    Expression,
    Filter,
    Group,
    Intrinsic,
    MetricsAggregate,
    MetricsMath,
    MetricsNode,
    MetricsQuery,
    Number,
    Pipeline,
    Query,
    Rank,
    ScalarExpression,
    ScalarFilter,
    ScalarOperation,
    Select,
    SpansetExpression,
    SpansetOperation,
    Stage,
    Static,
    Unary,
)

ATTRIBUTE = "attribute"
NIL = "nil"
STRING = "string"
BOOLEAN = "boolean"
INTEGER = "int"
FLOAT = "float"
DURATION = "duration"
STATUS = "status"
KIND = "kind"
SPANSET = "spanset"

_NUMERIC = frozenset((INTEGER, FLOAT, DURATION))
_STATIC_TYPES = {
    bool: BOOLEAN, str: STRING, int: INTEGER, float: FLOAT, Duration: DURATION, Status: STATUS,
    Kind: KIND, type(None): NIL,
}  # fmt: skip
INTRINSIC_TYPES = {
    "duration": DURATION, "traceDuration": DURATION, "event:timeSinceStart": DURATION,
    "status": STATUS, "kind": KIND, "span:childCount": INTEGER, "nestedSetLeft": INTEGER,
    "nestedSetRight": INTEGER, "nestedSetParent": INTEGER, "parent": NIL,
}  # fmt: skip
MOST_LABELS = 5


def validate(query: Query) -> None:
    """Raise TypeFailure, or Unsupported, where the query's types do not fit."""
    if query.pipeline is not None:
        _pipeline(query.pipeline)
    elif query.metrics is not None:
        _metrics(query.metrics)


def _pipeline(pipeline: Pipeline) -> None:
    for stage in pipeline.stages:
        _stage(stage)


def _stage(stage: Stage) -> None:
    if isinstance(stage, Filter | SpansetOperation | Pipeline):
        _spanset(stage)
    elif isinstance(stage, ScalarFilter):
        _scalar_filter(stage)
    elif isinstance(stage, Group):
        _type_of(stage.expression)
        if not references_span(stage.expression):
            raise TypeFailure(f"grouping field expressions must reference the span: {stage}")
    elif isinstance(stage, Aggregate | ScalarOperation):
        _scalar(stage)
    elif not isinstance(stage, Select | Coalesce):
        raise Unsupported(f"not supported: {stage}")


def _spanset(node: SpansetExpression) -> None:
    if isinstance(node, Pipeline):
        _pipeline(node)
    elif isinstance(node, SpansetOperation):
        _spanset(node.left)
        _spanset(node.right)
    else:
        kind = _type_of(node.expression)
        if kind not in (BOOLEAN, ATTRIBUTE):
            raise TypeFailure(f"span filter field expressions must resolve to a boolean: {node}")


def _scalar_filter(stage: ScalarFilter) -> None:
    _scalar(stage.left)
    _scalar(stage.right)
    left, right = _scalar_type(stage.left), _scalar_type(stage.right)
    if not _matching(left, right):
        raise TypeFailure(f"binary operations must operate on the same type: {stage}")
    if not isinstance(stage.left, Aggregate):
        raise Unsupported("scalar filter lhs of type (%v) not yet supported")
    if not isinstance(stage.right, Static):
        raise Unsupported("scalar filter rhs of type (%v) not yet supported")


def _scalar(node: ScalarExpression) -> None:
    if isinstance(node, ScalarOperation):
        _scalar(node.left)
        _scalar(node.right)
        left, right = _scalar_type(node.left), _scalar_type(node.right)
        if not _matching(left, right):
            raise TypeFailure(f"binary operations must operate on the same type: {node}")
    elif isinstance(node, Pipeline):
        _pipeline(node)
    elif isinstance(node, Aggregate) and node.expression is not None:
        kind = _type_of(node.expression)
        if kind not in (*_NUMERIC, ATTRIBUTE):
            raise TypeFailure(f"aggregate field expressions must resolve to a number type: {node}")
        if not references_span(node.expression):
            raise TypeFailure(f"aggregate field expressions must reference the span: {node}")


def _scalar_type(node: ScalarExpression) -> str:
    if isinstance(node, Static):
        return _STATIC_TYPES[type(node.value)]
    if isinstance(node, ScalarOperation):
        return _arithmetic_type(_scalar_type(node.left), _scalar_type(node.right))
    if isinstance(node, Pipeline):
        last = node.stages[-1]
        return _scalar_type(last) if isinstance(last, Aggregate | ScalarOperation) else SPANSET
    if node.expression is None:
        return INTEGER
    return _type_of(node.expression)


def _arithmetic_type(left: str, right: str) -> str:
    """Return the type of the first side that has one: an attribute's is not known."""
    return right if left == ATTRIBUTE else left


def references_span(node: Expression) -> bool:
    """Say whether an expression reads anything from a span."""
    if isinstance(node, Binary):
        return references_span(node.left) or references_span(node.right)
    if isinstance(node, Unary):
        return references_span(node.operand)
    return isinstance(node, Attribute | Intrinsic)


def _matching(left: str, right: str) -> bool:
    if left == right or ATTRIBUTE in (left, right) or NIL in (left, right):
        return True
    return left in _NUMERIC and right in _NUMERIC


def _type_of(node: Expression) -> str:
    if isinstance(node, Static):
        return _STATIC_TYPES[type(node.value)]
    if isinstance(node, Attribute):
        if node.parent:
            raise Unsupported(f"{node}: parent attributes are not yet supported")
        return ATTRIBUTE
    if isinstance(node, Intrinsic):
        if node.name == "parent":
            raise Unsupported("intrinsic (parent) not yet supported")
        return INTRINSIC_TYPES.get(node.name, STRING)
    return _unary(node) if isinstance(node, Unary) else _binary(node)


def _unary(node: Unary) -> str:
    kind = _type_of(node.operand)
    if kind == ATTRIBUTE:
        return BOOLEAN if node.op == "!" else ATTRIBUTE
    if (node.op == "!") != (kind == BOOLEAN) or (node.op == "-" and kind not in _NUMERIC):
        raise TypeFailure(f"illegal operation for the given type: {node}")
    return kind


def _binary(node: Binary) -> str:
    left, right = _type_of(node.left), _type_of(node.right)
    if not _matching(left, right):
        raise TypeFailure(f"binary operations must operate on the same type: {node}")
    if not (_fits(node.op, left) and _fits(node.op, right)):
        raise TypeFailure(f"illegal operation for the given types: {node}")
    if node.op in REGEXES:
        _regex(node)
    if NIL in (left, right):
        _nil(node)
    return _arithmetic_type(left, right) if node.op in ARITHMETIC else BOOLEAN


def _fits(op: str, kind: str) -> bool:
    if kind == ATTRIBUTE:
        return True
    if op in ("&&", "||"):
        return kind == BOOLEAN
    if op in ARITHMETIC:
        return kind in _NUMERIC
    if op in REGEXES:
        return kind == STRING
    if op in ORDERINGS:
        return kind in (*_NUMERIC, STRING)
    return True


def _regex(node: Binary) -> None:
    if not isinstance(node.right, Static) or not isinstance(node.right.value, str):
        raise TypeFailure(f"invalid type for {'=~ or !~'}: {node.right}")
    try:
        pattern(node.right.value)
    except TypeFailure as error:
        raise TypeFailure(f"invalid regex: {error}") from error


def _nil(node: Binary) -> None:
    for side in (node.left, node.right):
        if node.op != "=" or isinstance(side, Static):
            continue
        if isinstance(side, Intrinsic):
            raise TypeFailure(f"{side}=nil is not valid because intrinsics cannot be nil")
        if isinstance(side, Attribute) and (side.scope, side.name) == ("resource", "service.name"):
            raise TypeFailure(f"{side}=nil is not valid because {side} cannot be nil")


def _metrics(node: MetricsNode) -> None:
    if isinstance(node, Number):
        return
    if isinstance(node, MetricsMath):
        for side in (node.left, node.right):
            _metrics(side)
            if _compares(side):
                _no_second()
    else:
        _pipeline(node.pipeline)
        _aggregate(node.aggregate)
    if node.second and _compares(node):
        _no_second()
    for stage in node.second:
        if isinstance(stage, Rank) and stage.limit <= 0:
            raise TypeFailure("limit must be greater than 0")


def _aggregate(aggregate: MetricsAggregate) -> None:
    for quantile in aggregate.quantiles:
        if not 0 <= quantile <= 1:
            raise TypeFailure(f"quantile must be between 0 and 1: {_go_number(quantile)}")
    if aggregate.selection is not None:
        _spanset(aggregate.selection)
        if aggregate.limit <= 0:
            raise TypeFailure("compare() top number of values must be integer greater than 0")
    if len(aggregate.by) > MOST_LABELS:
        raise TypeFailure(f"max group by count is {MOST_LABELS}, got {len(aggregate.by)}")


def _compares(node: MetricsNode) -> bool:
    if isinstance(node, MetricsMath):
        return _compares(node.left) or _compares(node.right)
    return isinstance(node, MetricsQuery) and node.aggregate.op == "compare"


def _no_second() -> NoReturn:
    raise TypeFailure("`compare()` cannot be used with second stage functions")


def _go_number(value: float) -> str:
    return str(int(value)) if value.is_integer() else repr(value)
