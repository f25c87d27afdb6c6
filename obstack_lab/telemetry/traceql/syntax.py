"""The tree of a query. `str(node)` spells it the way Tempo does in texts and labels."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from obstack_lab.telemetry.traceql.static import Value, render

NO_SCOPE = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """A named field: `.a`, `span.a`, `resource."a b"`, `parent.a`."""

    name: str
    scope: str = NO_SCOPE
    parent: bool = False

    def __str__(self) -> str:
        name = self.name
        if any(char.isspace() or char in '{}()=~!<>&|^,"\\' for char in name):
            name = '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        if self.parent:
            return f"parent.{self.scope}{'.' if self.scope else ''}{name}"
        return f"{self.scope}.{name}"


@dataclass(frozen=True, slots=True)
class Intrinsic:
    """A field that every span has: `name`, `span:duration`, `trace:id`, as Tempo prints it."""

    name: str

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Static:
    """A literal."""

    value: Value

    def __str__(self) -> str:
        return render(self.value)


@dataclass(frozen=True, slots=True)
class Unary:
    """`!x` or `-x`."""

    op: str
    operand: Expression

    def __str__(self) -> str:
        return f"{self.op}{embed(self.operand)}"


@dataclass(frozen=True, slots=True)
class Binary:
    """`left op right` inside a filter."""

    op: str
    left: Expression
    right: Expression

    def __str__(self) -> str:
        return f"{embed(self.left)} {self.op} {embed(self.right)}"


Expression: TypeAlias = Attribute | Intrinsic | Static | Unary | Binary
Field: TypeAlias = Attribute | Intrinsic


def embed(node: Expression) -> str:
    """Spell an operand; operations stand in parentheses."""
    text = str(node)
    return f"({text})" if isinstance(node, Unary | Binary) else text


@dataclass(frozen=True, slots=True)
class Filter:
    """`{ expression }`."""

    expression: Expression

    def __str__(self) -> str:
        return f"{{ {self.expression} }}"


@dataclass(frozen=True, slots=True)
class SpansetOperation:
    """`left op right` of span sets or pipelines: `&& || > >> < << ~` and their kin."""

    op: str
    left: SpansetExpression
    right: SpansetExpression

    def __str__(self) -> str:
        sides = [
            str(side) if isinstance(side, Pipeline) else f"({side})"
            for side in (self.left, self.right)
        ]
        return f"{sides[0]} {self.op} {sides[1]}"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count()` or `avg|min|max|sum(expression)` over a span set."""

    op: str
    expression: Expression | None = None

    def __str__(self) -> str:
        return f"{self.op}({'' if self.expression is None else self.expression})"


@dataclass(frozen=True, slots=True)
class ScalarOperation:
    """Arithmetic of aggregates and literals."""

    op: str
    left: ScalarExpression
    right: ScalarExpression

    def __str__(self) -> str:
        return f"({self.left}) {self.op} ({self.right})"


@dataclass(frozen=True, slots=True)
class ScalarFilter:
    """`scalar op scalar`: which span sets stay."""

    op: str
    left: ScalarExpression
    right: ScalarExpression

    def __str__(self) -> str:
        sides = [
            str(side) if isinstance(side, Static | Pipeline) else f"({side})"
            for side in (self.left, self.right)
        ]
        return f"{sides[0]} {self.op} {sides[1]}"


@dataclass(frozen=True, slots=True)
class Group:
    """`by(expression)`."""

    expression: Expression

    def __str__(self) -> str:
        return f"by({self.expression})"


@dataclass(frozen=True, slots=True)
class Coalesce:
    """`coalesce()`."""

    def __str__(self) -> str:
        return "coalesce()"


@dataclass(frozen=True, slots=True)
class Select:
    """`select(field, …)`."""

    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"select({', '.join(map(str, self.fields))})"


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages from left to right; in parentheses where it is an operand."""

    stages: tuple[Stage, ...]

    def __str__(self) -> str:
        return f"({self.inner()})"

    def inner(self) -> str:
        """Spell it without parentheses, as a whole query."""
        return "|".join(map(str, self.stages))


SpansetExpression: TypeAlias = Filter | SpansetOperation | Pipeline
ScalarExpression: TypeAlias = Aggregate | ScalarOperation | Pipeline | Static
Stage: TypeAlias = (
    Filter | SpansetOperation | Pipeline | ScalarFilter | Group | Coalesce | Select | Aggregate
    | ScalarOperation
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class MetricsAggregate:
    """The first metrics function: `rate()`, `quantile_over_time(x, .9) by (y)`, `compare(…)`."""

    op: str
    field: Field | None = None
    by: tuple[Field, ...] = ()
    quantiles: tuple[float, ...] = ()
    selection: Filter | None = None
    limit: int = 10
    window: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        parts = [] if self.field is None else [str(self.field)]
        parts += [f"{quantile:.5f}" for quantile in self.quantiles]
        if self.selection is not None:
            parts = [str(self.selection), str(self.limit)]
        by = f"by({','.join(map(str, self.by))})" if self.by else ""
        return f"{self.op}({','.join(parts)}){by}"


@dataclass(frozen=True, slots=True)
class Rank:
    """`topk(n)` or `bottomk(n)`."""

    op: str
    limit: int

    def __str__(self) -> str:
        return f" | {self.op}({self.limit})"


@dataclass(frozen=True, slots=True)
class SampleFilter:
    """`> 10` after a metrics function."""

    op: str
    value: float

    def __str__(self) -> str:
        return f" {self.op} {render(self.value)}"


SecondStage: TypeAlias = Rank | SampleFilter


@dataclass(frozen=True, slots=True)
class MetricsQuery:
    """A pipeline of spans, a metrics function over it, and what is done to its series."""

    pipeline: Pipeline
    aggregate: MetricsAggregate
    second: tuple[SecondStage, ...] = ()

    def __str__(self) -> str:
        return f"{self.pipeline.inner()} | {self.aggregate}{''.join(map(str, self.second))}"


@dataclass(frozen=True, slots=True)
class MetricsMath:
    """`left op right` of series, or of series and a number."""

    op: str
    left: MetricsNode
    right: MetricsNode
    second: tuple[SecondStage, ...] = ()

    def __str__(self) -> str:
        return f"({self.left}) {self.op} ({self.right}){''.join(map(str, self.second))}"


@dataclass(frozen=True, slots=True)
class Number:
    """A number in metrics arithmetic."""

    value: float

    def __str__(self) -> str:
        return render(self.value)


MetricsNode: TypeAlias = MetricsQuery | MetricsMath | Number


@dataclass(frozen=True, slots=True)
class Query:
    """A whole query: spans or series, and its hints."""

    text: str
    pipeline: Pipeline | None = None
    metrics: MetricsNode | None = None
    hints: dict[str, Value] = field(default_factory=dict)

    def __str__(self) -> str:
        body = self.pipeline.inner() if self.pipeline is not None else str(self.metrics)
        if not self.hints:
            return body
        hints = ",".join(f"{name}={render(value)}" for name, value in self.hints.items())
        return f"{body} with({hints})"
