"""The tokens of TraceQL: their kinds, spelled as error texts name them."""

from __future__ import annotations

from dataclasses import dataclass

END = "$end"
IDENTIFIER = "IDENTIFIER"
STRING = "STRING"
INTEGER = "INTEGER"
FLOAT = "FLOAT"
DURATION = "DURATION"
END_ATTRIBUTE = "END_ATTRIBUTE"
DOT = "."
BROKEN = "broken"

SCOPES = ("parent", "resource", "span", "event", "link", "instrumentation")
"""Words that begin an attribute when a dot follows at once."""

COLON_SCOPES = ("trace", "span", "event", "link", "instrumentation")
"""Words that begin an intrinsic when a colon follows at once."""

WORDS = frozenset((
    "true", "false", "nil", "minInt", "maxInt", "ok", "error", "unset", "unspecified",
    "internal", "server", "client", "producer", "consumer", "duration", "childCount", "name",
    "status", "statusMessage", "kind", "rootName", "rootServiceName", "rootService",
    "traceDuration", "nestedSetLeft", "nestedSetRight", "nestedSetParent", "id", "parentID",
    "traceID", "spanID", "parent", "timeSinceStart", "version", "count", "avg", "max", "min",
    "sum", "by", "coalesce", "select", "with", "rate", "count_over_time", "min_over_time",
    "max_over_time", "avg_over_time", "sum_over_time", "quantile_over_time",
    "histogram_over_time", "compare", "topk", "bottomk",
))  # fmt: skip

OPERATORS = (
    "!>>", "!<<", "&>>", "&<<",
    "!=", "!~", "!>", "!<", "&>", "&<", "&~", "&&", "||", "=~", ">=", ">>", "<=", "<<",
    "=", ">", "<", "~", "!", "+", "-", "*", "/", "%", "^", "{", "}", "(", ")", ",", "|",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Token:
    """One token: its kind, its text or value, and where error texts say it is."""

    kind: str
    text: str
    line: int
    column: int
    value: object = None
