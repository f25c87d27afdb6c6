"""What a query asks of the store: conditions on fields, and which spans they fetch at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from obstack_lab.telemetry.traceql.operators import (
    COMPARISONS,
    NEGATIVE,
    ORDERINGS,
    REGEXES,
    compare,
    is_enum,
)
from obstack_lab.telemetry.traceql.span import Span
from obstack_lab.telemetry.traceql.static import NUMERIC, Duration, Value
from obstack_lab.telemetry.traceql.syntax import (
    Aggregate,
    Attribute,
    Binary,
    Coalesce,
    Expression,
    Field,
    Filter,
    Group,
    Intrinsic,
    Pipeline,
    ScalarExpression,
    ScalarFilter,
    ScalarOperation,
    Select,
    SpansetOperation,
    Stage,
    Static,
    Unary,
)
from obstack_lab.telemetry.traceql.view import TRACE_LEVEL, FetchedView, Sieve, candidates

ANY = ""
ABSENT = "absent"
SILENT = frozenset(
    ("name", "duration", "rootName", "rootServiceName", "traceDuration", "trace:id", "span:id")
)
"""Fields that a search answer carries elsewhere than in its attributes."""


TREE = frozenset(("span:childCount", "nestedSetLeft", "nestedSetRight", "nestedSetParent"))
"""Fields that are known only after the tree has been numbered."""

_OWNERS = frozenset(("resource", "instrumentation"))
"""Scopes whose attributes are not kept with each span."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One wish: a field, and what its value must be (`ANY`: whatever it is)."""

    field: Field
    op: str = ANY
    value: Value = None
    mirrored: bool = False
    optional: bool = False
    """A later stage reads it; a span without it is fetched all the same."""
    """The literal stood on the left of `<` or `>`; the store reads it as if on the right."""

    def admits(self, value: Value) -> bool:
        """Say whether a stored value, or an array's element, passes."""
        if self.op == ANY:
            return True
        if self.op == ABSENT:
            return False
        if isinstance(self.field, Attribute) and not _same_column(value, self.value):
            return False
        return compare(self.op, value, self.value)


def _same_column(value: Value, wanted: Value) -> bool:
    """Values of another type live in another column, which is not read."""
    if type(wanted) is Duration:
        return type(value) is int
    return type(value) is type(wanted)


@dataclass(slots=True)
class Request:
    """All conditions of a query; `every` where each must hold for a span to be fetched."""

    conditions: list[Condition] = field(default_factory=list)
    selected: list[Field] = field(default_factory=list)
    every: bool = True
    plain: bool = True
    """The query is one filter, and each of its conditions must hold."""
    structural: bool = False
    related: bool = False
    """Spans are asked for by their place in the tree."""
    forgotten: tuple[str, ...] = ()
    """What a trace's summary lacks: Tempo loses it where it is grouped by, and when `coalesce()`
    is all that follows."""

    def view(self) -> FetchedView:
        """Return how expressions see spans under these conditions."""
        wishes: dict[Field, list[Condition]] = {}
        for condition in self.conditions:
            for target in scoped(condition.field):
                wishes.setdefault(target, []).append(condition)
        sieves = {target: _sieve(wanted) for target, wanted in wishes.items()}
        shadowed: set[str] = set()
        if not self.plain:
            for condition in self.conditions:
                if isinstance(condition.field, Attribute) and condition.field.scope == "":
                    shadowed.add(condition.field.name)
        asked = {c.field.name for c in self.conditions if not c.optional}
        read = {c.field.name for c in self.conditions if isinstance(c.field, Intrinsic)} - asked
        return FetchedView(sieves, frozenset(shadowed), frozenset(read))

    @property
    def tree(self) -> bool:
        """Say whether the tree has to be numbered for this query."""
        asked = (*(condition.field for condition in self.conditions), *self.selected)
        return self.related or any(target.name in TREE for target in asked)

    @property
    def bodies(self) -> bool:
        """Say whether it reads what stands in the spans' bodies: attributes, events, links."""
        asked = (*(condition.field for condition in self.conditions), *self.selected)
        return any(
            target.name.startswith(("event:", "link:"))
            if isinstance(target, Intrinsic)
            else target.scope not in _OWNERS or target.parent
            for target in asked
        )

    def fetched(self) -> Callable[[Span], bool] | None:
        """Return the test whether a span is fetched at all; None where all are."""
        if self.every or self.structural or not self.conditions:
            return None
        if any(c.optional and isinstance(c.field, Intrinsic) for c in self.conditions):
            return None
        needed = [c for c in self.conditions if not c.optional]
        trace = [c for c in needed if _level(c.field) == "trace"]
        outer = [c for c in needed if _level(c.field) in ("resource", "both")]
        inner = [c for c in needed if _level(c.field) in ("span", "both")]
        if trace:
            return None if outer or inner else _any_match(trace)
        if inner and not outer:
            return _any_match(inner)
        return _any_match([*inner, *outer])


def scoped(target: Field) -> tuple[Field, ...]:
    """Return the places where a field may be stored."""
    if isinstance(target, Attribute) and target.scope == "" and not target.parent:
        return Attribute(target.name, "span"), Attribute(target.name, "resource")
    return (target,)


def _level(target: Field) -> str:
    if isinstance(target, Intrinsic):
        return "trace" if target.name in TRACE_LEVEL else "span"
    if target.scope == "resource":
        return "resource"
    return "both" if target.scope == "" else "span"


def _any_match(conditions: list[Condition]) -> Callable[[Span], bool]:
    tests = [_holds(condition) for condition in conditions]
    return lambda span: any(test(span) for test in tests)


def _holds(condition: Condition) -> Callable[[Span], bool]:
    read = candidates(condition.field)
    if condition.op == ABSENT:
        return lambda span: not any(value not in (None, ()) for value in read(span))
    if condition.mirrored:
        return lambda span: any(condition.admits(value) for value in read(span))
    sieve = _sieve([condition])
    if sieve is None:
        return lambda span: any(value not in (None, ()) for value in read(span))
    return lambda span: any(sieve(value) is not None for value in read(span))


def _sieve(conditions: list[Condition]) -> Sieve | None:
    """Return what the conditions let through of a value; None where all of it passes."""
    if any(condition.op in (ANY, ABSENT) or condition.mirrored for condition in conditions):
        return None

    def seen(value: Value) -> Value:
        if not isinstance(value, tuple):
            return value if any(c.admits(value) for c in conditions) else None
        kept = tuple(item for item in value if any(_admits_item(c, item) for c in conditions))
        if not kept:
            return None
        return kept[0] if len(kept) == 1 else kept  # type: ignore[return-value]  # of one type

    return seen


def _admits_item(condition: Condition, item: Value) -> bool:
    if condition.op in NEGATIVE and type(item) is str and type(condition.value) is str:
        return True
    return condition.admits(item)


def request_of(pipeline: Pipeline) -> Request:
    """Collect the conditions of a whole pipeline, as far as its first `select`."""
    request = Request()
    _collect(pipeline.stages, request)
    stages = pipeline.stages
    if sum(isinstance(stage, Filter | SpansetOperation | Pipeline) for stage in stages) > 1:
        request.every = False
    request.plain = request.every and len(stages) == 1
    if len(pipeline.stages) > 1 and all(isinstance(s, Coalesce) for s in pipeline.stages[1:]):
        request.forgotten = tuple(
            _SUMMARY[condition.field.name]
            for condition in request.conditions
            if condition.field.name in _SUMMARY and isinstance(condition.field, Intrinsic)
        )
    grouped = {
        condition.field.name
        for condition in request.conditions
        if condition.optional and isinstance(condition.field, Intrinsic)
    }
    if any(isinstance(stage, Group) for stage in stages):
        request.forgotten += tuple(_SUMMARY[name] for name in sorted(grouped & _SUMMARY.keys()))
    return request


_SUMMARY = {
    "rootName": "rootTraceName", "rootServiceName": "rootServiceName",
    "traceDuration": "durationMs",
}  # fmt: skip


def _collect(stages: Iterable[Stage], request: Request) -> None:
    selecting = False
    for stage in stages:
        if isinstance(stage, Select):
            request.selected.extend(stage.fields)
            selecting = True
        elif not selecting:
            _collect_stage(stage, request)


def _collect_stage(stage: Stage, request: Request) -> None:
    if isinstance(stage, Filter):
        _collect_expression(stage.expression, request)
    elif isinstance(stage, SpansetOperation):
        request.every = False
        if stage.op not in ("&&", "||"):
            request.structural = request.related = True
        _collect_stage(stage.left, request)
        _collect_stage(stage.right, request)
    elif isinstance(stage, Pipeline):
        _collect(stage.stages, request)
    elif isinstance(stage, Group):
        collect_fields(stage.expression, request, optional=True)
    elif isinstance(stage, ScalarFilter):
        _collect_scalar(stage.left, request)
        _collect_scalar(stage.right, request)


def _collect_scalar(node: ScalarExpression, request: Request) -> None:
    if isinstance(node, Aggregate) and node.expression is not None:
        collect_fields(node.expression, request, optional=True)
    elif isinstance(node, ScalarOperation):
        _collect_scalar(node.left, request)
        _collect_scalar(node.right, request)
    elif isinstance(node, Pipeline):
        _collect(node.stages, request)


def collect_fields(node: Expression, request: Request, *, optional: bool = False) -> None:
    """Ask for every field of an expression, whatever its value."""
    if isinstance(node, Attribute | Intrinsic):
        request.conditions.append(Condition(node, optional=optional))
    elif isinstance(node, Unary):
        collect_fields(node.operand, request, optional=optional)
    elif isinstance(node, Binary):
        collect_fields(node.left, request, optional=optional)
        collect_fields(node.right, request, optional=optional)


def _collect_expression(node: Expression, request: Request) -> None:
    if isinstance(node, Static):
        if node.value is True:
            request.every = False
            request.structural = True
    elif isinstance(node, Unary):
        request.every = False
        _collect_expression(node.operand, request)
    elif isinstance(node, Binary) and node.op in ("&&", "||"):
        _collect_both(node, request)
    elif isinstance(node, Binary) and (condition := condition_of(node)) is not None:
        if condition.mirrored:
            request.every = False
        request.conditions.append(condition)
    else:
        collect_fields(node, request)


def _collect_both(node: Binary, request: Request) -> None:
    """Collect both sides; beside a bare field nothing is asked of the values."""
    sides = (node.left, node.right)
    bare = any(isinstance(side, Attribute | Intrinsic) for side in sides)
    if node.op == "||" or bare:
        request.every = False
    if bare:
        collect_fields(node, request)
        return
    for side in sides:
        if not (isinstance(side, Static) and node.op == "&&"):
            _collect_expression(side, request)


def condition_of(node: Binary) -> Condition | None:
    """Return the condition that `field op literal` states, or None where it is no such thing."""
    if node.op not in COMPARISONS and node.op not in REGEXES:
        return None
    target, literal, mirrored = node.left, node.right, False
    if isinstance(target, Static):
        target, literal, mirrored = literal, target, node.op in ORDERINGS
    if not isinstance(target, Attribute | Intrinsic) or not isinstance(literal, Static):
        return None
    if literal.value is None:
        return Condition(target, ABSENT if node.op == "=" else ANY)
    if is_enum(literal.value) or type(literal.value) in (*NUMERIC, str, bool):
        return Condition(target, node.op, literal.value, mirrored)
    return None
