"""What a LogQL query is made of; `str(node)` is the canonical text that Loki's messages quote.

Query
├── Selector            {app="x"} |= "y" | json …      matchers and stages: a log query
├── RangeAggregation    rate(… [5m])                    over a LogRange
├── VectorAggregation   sum by (a) (…)
├── Binary              … + on(a) group_left …
├── LabelReplace, Literal, Vector
"""

from __future__ import annotations

from dataclasses import dataclass, field

from obstack_lab.telemetry.logql.gonumber import (
    format_calendar_duration,
    format_duration,
    format_float,
    quote,
)


@dataclass(frozen=True)
class Matcher:
    """`name op value` of a stream selector or of `drop` and `keep`; op is `=`, `!=`, `=~`, `!~`."""

    name: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}{self.op}{quote(self.value)}"


@dataclass(frozen=True)
class LineFilter:
    """`|= "a" or "b"`: keeps lines that one of the values matches (none of them, for `!`)."""

    op: str
    value: str
    ip: bool = False
    others: tuple[LineFilter, ...] = ()

    def __str__(self) -> str:
        own = f"ip({quote(self.value)})" if self.ip else quote(self.value)
        joint = self.op if self.op.startswith("!") else "or"
        others = "".join(
            f" {joint} ip({quote(other.value)})" if other.ip else f" {joint} {quote(other.value)}"
            for other in self.others
        )
        return f"{self.op} {own}{others}"


@dataclass(frozen=True)
class JsonParser:
    """`| json` or `| json a="x.y[0]", b`."""

    fields: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"| json{_fields(self.fields)}"


@dataclass(frozen=True)
class LogfmtParser:
    """`| logfmt [--strict] [--keep-empty] [a, b="c"]`."""

    fields: tuple[tuple[str, str], ...] = ()
    strict: bool = False
    keep_empty: bool = False

    def __str__(self) -> str:
        flags = " --strict" * self.strict + " --keep-empty" * self.keep_empty
        return f"| logfmt{flags}{_fields(self.fields)}"


@dataclass(frozen=True)
class TextParser:
    """`| regexp "…"`, `| pattern "…"` or `| unpack`."""

    kind: str
    text: str = ""

    def __str__(self) -> str:
        return f"| {self.kind}" if self.kind == "unpack" else f"| {self.kind} {quote(self.text)}"


@dataclass(frozen=True)
class Decolorize:
    """`| decolorize`: takes terminal colours out of the line."""

    def __str__(self) -> str:
        return "| decolorize"


@dataclass(frozen=True)
class StringFilter:
    """`name="value"`, also `!=`, `=~`, `!~`."""

    name: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}{self.op}{quote(self.value)}"


@dataclass(frozen=True)
class NumberFilter:
    """`name > 5`; `unit` is `number`, `duration` (value in nanoseconds) or `bytes`."""

    name: str
    op: str
    value: float
    unit: str = "number"

    def __str__(self) -> str:
        if self.unit == "duration":
            return f"{self.name}{self.op}{format_duration(int(self.value))}"
        if self.unit == "bytes":
            return f"{self.name}{self.op}{_humanized(int(self.value))}"
        return f"{self.name}{self.op}{format_float(self.value)}"


@dataclass(frozen=True)
class IpFilter:
    """`name=ip("10.0.0.0/8")` or `!=`."""

    name: str
    op: str
    value: str

    def __str__(self) -> str:
        return f"{self.name}{self.op}ip({quote(self.value)})"


@dataclass(frozen=True)
class FilterPair:
    """Two label filters joined by `and` or `or`."""

    op: str
    left: Filter
    right: Filter

    def __str__(self) -> str:
        sign = "or" if self.op == "or" else ","
        gap = " or " if sign == "or" else " , "
        return f"( {self.left}{gap}{self.right} )"


Filter = StringFilter | NumberFilter | IpFilter | FilterPair


def names_of(item: Filter) -> set[str]:
    """Return the labels that a filter looks at."""
    if isinstance(item, FilterPair):
        return names_of(item.left) | names_of(item.right)
    return {item.name}


@dataclass(frozen=True)
class LabelFilter:
    """`| a="b" and c > 5`."""

    filter: Filter

    def __str__(self) -> str:
        return f"| {self.filter}"


@dataclass(frozen=True)
class LineFormat:
    """`| line_format "{{.a}}"`."""

    template: str

    def __str__(self) -> str:
        return f"| line_format {quote(self.template)}"


@dataclass(frozen=True)
class Assignment:
    """One `name=source` of `label_format`: a rename, or a template's text."""

    name: str
    source: str
    rename: bool

    def __str__(self) -> str:
        return f"{self.name}={self.source if self.rename else quote(self.source)}"


@dataclass(frozen=True)
class LabelFormat:
    """`| label_format a=b, c="{{.d}}"`."""

    assignments: tuple[Assignment, ...]

    def __str__(self) -> str:
        return f"| label_format {','.join(map(str, self.assignments))}"


@dataclass(frozen=True)
class LabelChoice:
    """`| drop a, b="v"` or `| keep …`; an item is a name or a matcher."""

    kind: str
    items: tuple[str | Matcher, ...]

    def __str__(self) -> str:
        return f"| {self.kind} {','.join(map(str, self.items))}"


Stage = (
    LineFilter
    | JsonParser
    | LogfmtParser
    | TextParser
    | Decolorize
    | LabelFilter
    | LineFormat
    | LabelFormat
    | LabelChoice
)


@dataclass(frozen=True)
class Selector:
    """Matchers and the stages after them: what `{…} | …` selects."""

    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...] = ()

    def __str__(self) -> str:
        head = f"{{{', '.join(map(str, self.matchers))}}}"
        return " ".join((head, *map(str, self.stages)))

    @property
    def kind(self) -> str:
        """The name under which Loki's messages speak of it."""
        return "*syntax.PipelineExpr" if self.stages else "*syntax.MatchersExpr"


@dataclass(frozen=True)
class Unwrap:
    """`| unwrap duration(x) | __error__=""`: the sample's value is a label's."""

    label: str
    conversion: str = ""
    filters: tuple[Filter, ...] = ()

    def __str__(self) -> str:
        own = f"{self.conversion}({self.label})" if self.conversion else self.label
        return f"| unwrap {own}" + "".join(f" | {item}" for item in self.filters)


@dataclass(frozen=True)
class LogRange:
    """`{…} | … | unwrap x [5m] offset 1m`; durations in nanoseconds."""

    selector: Selector
    interval: int
    offset: int = 0
    unwrap: Unwrap | None = None

    def __str__(self) -> str:
        unwrap = f" {self.unwrap}" if self.unwrap else ""
        text = f"{self.selector}{unwrap}[{format_calendar_duration(self.interval)}]"
        return text + (f" offset {format_duration(self.offset)}" if self.offset else "")


@dataclass(frozen=True)
class Grouping:
    """`by (a, b)` or `without (a, b)`."""

    names: tuple[str, ...]
    without: bool = False

    @property
    def says_something(self) -> bool:
        """Whether it is more than `by ()`, which is left out."""
        return self.without or bool(self.names)

    def __str__(self) -> str:
        return f"{'without' if self.without else 'by'} ({','.join(self.names)})"


@dataclass(frozen=True)
class RangeAggregation:
    """`rate({…}[5m])` and its kin; `parameter` is the quantile of `quantile_over_time`."""

    op: str
    range: LogRange
    parameter: float | None = None
    grouping: Grouping | None = None

    def __str__(self) -> str:
        parameter = "" if self.parameter is None else f"{format_float(self.parameter)},"
        grouping = f" {self.grouping}" if self.grouping and self.grouping.says_something else ""
        return f"{self.op}({parameter}{self.range}){grouping}"


@dataclass(frozen=True)
class VectorAggregation:
    """`sum by (a) (…)`; `parameter` is the k of `topk`, `bottomk` and `approx_topk`."""

    op: str
    inner: Query
    parameter: int | None = None
    grouping: Grouping | None = None

    def __str__(self) -> str:
        grouping = f" {self.grouping}" if self.grouping and self.grouping.says_something else ""
        parameter = "" if self.parameter is None else f"{self.parameter},"
        return f"{self.op}{grouping}({parameter}{self.inner})"


@dataclass(frozen=True)
class Matching:
    """`bool`, `on`/`ignoring (…)`, `group_left`/`group_right (…)` of a binary operation."""

    returns_bool: bool = False
    on: bool = False
    names: tuple[str, ...] = ()
    explicit: bool = False
    group: str = ""
    include: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = " bool" if self.returns_bool else ""
        if self.explicit:
            text += f" {'on' if self.on else 'ignoring'} ({','.join(self.names)})"
        if self.group:
            text += f" {self.group}" + (f" ({','.join(self.include)})" if self.include else "")
        return text


@dataclass(frozen=True)
class Binary:
    """Two queries and the operator between them."""

    op: str
    left: Query
    right: Query
    matching: Matching = field(default_factory=Matching)

    def __str__(self) -> str:
        return f"({self.left} {self.op}{self.matching} {self.right})"


@dataclass(frozen=True)
class Literal:
    """A number."""

    value: float

    def __str__(self) -> str:
        return format_float(self.value)


@dataclass(frozen=True)
class Vector:
    """`vector(1)`: one sample without labels at every step."""

    value: float

    def __str__(self) -> str:
        return f"vector({self.value:.6f})"


@dataclass(frozen=True)
class LabelReplace:
    """`label_replace(v, "dst", "$1", "src", "(.*)")`."""

    inner: Query
    target: str
    replacement: str
    source: str
    regex: str

    def __str__(self) -> str:
        words = (self.target, self.replacement, self.source, self.regex)
        return f"label_replace({self.inner},{','.join(map(quote, words))})"


Query = Selector | RangeAggregation | VectorAggregation | Binary | LabelReplace | Literal | Vector


def _fields(fields: tuple[tuple[str, str], ...]) -> str:
    return " " + ",".join(f"{name}={quote(path)}" for name, path in fields) if fields else ""


def _humanized(size: int) -> str:
    if size < 10:
        return f"{size}B"
    value, units = float(size), ["B", "kB", "MB", "GB", "TB", "PB", "EB"]
    index = 0
    while value >= 1000 and index < len(units) - 1:
        value /= 1000
        index += 1
    rounded = int(value * 10 + 0.5) / 10
    return f"{rounded:.1f}{units[index]}" if rounded < 10 else f"{rounded:.0f}{units[index]}"
