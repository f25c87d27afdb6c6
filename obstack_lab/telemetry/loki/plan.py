"""Which range aggregations DuckDB can group itself, and what it has to read from the lines.

A plan never decides what a label filter means: DuckDB reads the few fields that the query looks at
and counts lines by their values; the evaluator's own functions then judge each combination once.
Lines that are not plainly written (see `shape`) are left to the evaluator, line by line.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.evaluator import Steps
from obstack_lab.telemetry.logql.gonumber import format_float
from obstack_lab.telemetry.loki import level, shape
from obstack_lab.telemetry.loki.sqlfilter import line_condition

MOST_BUCKETS = 20_000
MOST_FIELDS = 8
PLAIN_NUMBER = r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,12})?"
_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SPECIAL = ("__error__", "__error_details__")
_COUNTED = {
    "count_over_time": "count(*)",
    "rate": "count(*)",
    "bytes_over_time": "sum(strlen(line))",
    "bytes_rate": "sum(strlen(line))",
}
_UNWRAPPED = {
    "sum_over_time": "sum(value)",
    "rate": "sum(value)",
    "avg_over_time": "sum(value)",
    "min_over_time": "min(value)",
    "max_over_time": "max(value)",
}
_WHOLE = {
    "quantile_over_time": "quantile_cont(value, {quantile})",
    "stddev_over_time": "stddev_pop(value)",
    "stdvar_over_time": "var_pop(value)",
}
"""What DuckDB can only say of a whole window, not put together from parts of it."""


@dataclass(frozen=True)
class Field:
    """A label that the query looks at, and the SQL that reads it from line and metadata.

    `stand_in` replaces the texts of numbers that pass the one comparison the field is used in.
    """

    name: str
    parsed: str | None
    meta: str
    stand_in: str | None = None


@dataclass(frozen=True)
class Plan:
    """A range aggregation as one grouped statement, and the stages that judge its rows."""

    tree: ast.RangeAggregation
    pushed: ast.Grouping | None
    conditions: tuple[str, ...]
    parameters: tuple[Any, ...]
    parser: str
    fields: tuple[Field, ...]
    whole_meta: bool
    aggregate: str
    unwrapped: Field | None
    narrowing: tuple[str, ...]
    narrowing_parameters: tuple[Any, ...]
    likely: tuple[tuple[str, str], ...]
    """Labels and the texts that a line must hold to pass, unless it has a backslash."""
    fills: bool = False
    """Whether the parser gives the fields it names an empty text where the line has none."""

    @property
    def adds_up(self) -> bool:
        """Whether the aggregate of a whole can be made of those of its parts."""
        return self.tree.op not in _WHOLE

    @property
    def grain(self) -> tuple[int, int]:
        """The parser's shape, and the shape on which it is sure to fail (-1 for none)."""
        if self.parser == "json":
            return shape.JSON, shape.LOGFMT
        return (shape.LOGFMT, -1) if self.parser else (-1, -1)


def bucket_width(tree: ast.RangeAggregation, steps: Steps) -> int:
    """Return the longest time by which every window's ends are apart."""
    return math.gcd(steps.step, tree.range.interval) if steps.step > 0 else tree.range.interval


def make_plan(tree: ast.RangeAggregation, pushed: ast.Grouping | None, steps: Steps) -> Plan | None:
    """Return the plan of an aggregation, or None where only the evaluator is exact."""
    extent = tree.range
    if extent.interval <= 0:
        return None
    width = bucket_width(tree, steps)
    if (steps.end - steps.start + extent.interval) // width > MOST_BUCKETS:
        return None
    return _Planner(tree, pushed, single=width == extent.interval).plan()


class _Planner:
    def __init__(
        self, tree: ast.RangeAggregation, pushed: ast.Grouping | None, *, single: bool
    ) -> None:
        self.tree = tree
        self.pushed = pushed
        self.single = single
        self.grouping = pushed or tree.grouping
        self.parser = ""
        self.keys: dict[str, str] = {}
        self.conditions: list[str] = []
        self.parameters: list[Any] = []
        self.filters: list[ast.Filter] = []

    def plan(self) -> Plan | None:
        """Go through the stages; None as soon as one does not fit."""
        if not all(self._stage(stage) for stage in self.tree.range.selector.stages):
            return None
        unwrap = self.tree.range.unwrap
        aggregate = self._aggregate(unwrap)
        if aggregate is None:
            return None
        self.filters += unwrap.filters if unwrap else ()
        names = _names(self.filters)
        by_name = self.grouping is not None and not self.grouping.without
        if by_name and self.grouping is not None:
            names |= set(self.grouping.names)
        elif self.parser:
            return None
        if any(name.endswith("_extracted") for name in names) or len(names) > MOST_FIELDS:
            return None
        if unwrap and (
            self.keys or unwrap.label.endswith("_extracted") or unwrap.label in _SPECIAL
        ):
            return None
        compared = self._compared(names)
        narrowing, values, stand_ins = self._narrowing(compared)
        fields = tuple(
            self._field(name, stand_ins.get(name)) for name in sorted(names - set(_SPECIAL))
        )
        return Plan(
            self.tree,
            self.pushed,
            tuple(self.conditions),
            tuple(self.parameters),
            self.parser,
            fields,
            not by_name,
            aggregate,
            self._field(unwrap.label, None) if unwrap else None,
            narrowing,
            values,
            self._likely(),
            bool(self.keys),
        )

    def _stage(self, stage: ast.Stage) -> bool:  # noqa: PLR0911 - one return a case
        match stage:
            case ast.LineFilter():
                made = line_condition(stage)
                if made is None:
                    return False
                self.conditions.append(made[0])
                self.parameters += made[1]
                return True
            case ast.JsonParser() | ast.LogfmtParser():
                if self.parser or not self._takes(stage.fields):
                    return False
                if isinstance(stage, ast.LogfmtParser) and (stage.strict or stage.keep_empty):
                    return False
                self.parser = "json" if isinstance(stage, ast.JsonParser) else "logfmt"
                return True
            case ast.LabelFilter():
                self.filters.append(stage.filter)
                return True
            case _:
                return False

    def _takes(self, fields: tuple[tuple[str, str], ...]) -> bool:
        """Remember which keys a parser reads; False where one is no plain key."""
        self.keys = dict(fields)
        if len(self.keys) < len(fields):
            return False
        return all(_PLAIN_KEY.fullmatch(key) for key in self.keys.values())

    def _aggregate(self, unwrap: ast.Unwrap | None) -> str | None:
        op = self.tree.op
        if unwrap is None:
            return _COUNTED.get(op)
        if unwrap.conversion:
            return None
        if op in _UNWRAPPED:
            return _UNWRAPPED[op]
        quantile = self.tree.parameter
        if not self.single or op not in _WHOLE:
            return None
        if quantile is not None and not 0 <= quantile <= 1:
            return None
        return _WHOLE[op].format(quantile=format_float(quantile or 0.0))

    def _field(self, name: str, stand_in: str | None) -> Field:
        parsed = None
        key = self.keys.get(name, "") if self.keys else name
        if self.parser == "json" and key:
            # TRY, because DuckDB may read lines of another shape before it drops them
            parsed = (
                f"CASE WHEN shape = {shape.JSON} THEN TRY(json_extract_string(line, '$.{key}')) END"
            )
        elif self.parser and key:
            found = f'regexp_extract(line, \'(?:^| ){key}=("[^"]*"|[^ ]*)\', 1)'
            parsed = f"replace(nullif({found}, ''), '\"', '')"
        if name == level.LABEL:
            return Field(name, parsed, "level", stand_in)
        return Field(name, parsed, f"json_extract_string(meta, '$.{name}')", stand_in)

    def _compared(self, names: set[str]) -> list[ast.NumberFilter]:
        """Return the comparisons with plain numbers that no other part of the query looks at."""
        used: dict[str, int] = {}
        for item in self.filters:
            for name in _names([item]):
                used[name] = used.get(name, 0) + 1
        grouped = set(self.grouping.names) if self.grouping else set()
        unwrap = self.tree.range.unwrap
        return [
            item
            for item in self.filters
            if isinstance(item, ast.NumberFilter)
            and item.unit == "number"
            and used[item.name] == 1
            and item.name not in grouped
            and item.name in names
            and (unwrap is None or unwrap.label != item.name)
            and abs(item.value) < 1e12
            and self._field(item.name, None).parsed is not None
        ]

    def _narrowing(
        self, compared: Iterable[ast.NumberFilter]
    ) -> tuple[tuple[str, ...], tuple[Any, ...], dict[str, str]]:
        """Return conditions that drop plain numbers sure to fail, and stand-ins for the others."""
        conditions, values, stand_ins = [], [], {}
        for item in compared:
            field = self._field(item.name, None)
            sign = "=" if item.op == "==" else item.op
            conditions.append(
                f"({field.meta} IS NOT NULL OR {field.parsed} IS NULL OR "
                f"NOT regexp_full_match({field.parsed}, '{PLAIN_NUMBER}') OR "
                f"TRY_CAST({field.parsed} AS DOUBLE) {sign} ?::DOUBLE)"
            )
            values.append(item.value)
            passing = {">": 1, "!=": 1, "<": -1}.get(item.op, 0)
            stand_ins[item.name] = format_float(item.value + passing)
        return tuple(conditions), tuple(values), stand_ins

    def _likely(self) -> tuple[tuple[str, str], ...]:
        """Return the equalities that every passing line must satisfy."""
        if not self.parser:
            return ()
        return tuple(
            (item.name, item.value)
            for item in _required(self.filters)
            if isinstance(item, ast.StringFilter)
            and item.op == "="
            and item.value
            and item.name not in (*_SPECIAL, level.LABEL)
        )


def _required(filters: Sequence[ast.Filter]) -> list[ast.Filter]:
    """Return the filters that must all hold."""
    found: list[ast.Filter] = []
    for item in filters:
        if isinstance(item, ast.FilterPair) and item.op == "and":
            found += _required([item.left, item.right])
        else:
            found.append(item)
    return found


def _names(filters: Sequence[ast.Filter]) -> set[str]:
    found: set[str] = set()
    for item in filters:
        if isinstance(item, ast.FilterPair):
            found |= _names([item.left, item.right])
        else:
            found.add(item.name)
    return found
