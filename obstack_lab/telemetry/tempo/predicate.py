"""Filter expressions as SQL over the span table: what narrows a search before Python looks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from obstack_lab.telemetry.tempo.attribute_columns import OTHER, AttributeColumns
from obstack_lab.telemetry.tempo.decoder import STATUSES, Decoder
from obstack_lab.telemetry.traceql.conditions import (
    ABSENT,
    ANY,
    Condition,
    Request,
    condition_of,
    scoped,
)
from obstack_lab.telemetry.traceql.operators import REGEXES
from obstack_lab.telemetry.traceql.static import MAX_INT, NUMERIC, Duration, Kind, Status, Value
from obstack_lab.telemetry.traceql.syntax import (
    Attribute,
    Binary,
    Expression,
    Field,
    Intrinsic,
    Static,
)

_COLUMNS = {
    "name": "name", "duration": "duration", "statusMessage": "status_message", "kind": "kind",
    "status": "status",
}  # fmt: skip
_TYPE_COLUMNS = {str: "string", int: "int", float: "float", bool: "bool", Duration: "int"}
_SQL_OPS = {"=": "=", "!=": "<>", "<": "<", "<=": "<=", ">": ">", ">=": ">="}


@dataclass(frozen=True, slots=True)
class Predicate:
    """A condition on rows; `exact` where it is the filter itself, not only implied by it."""

    sql: str
    values: tuple[Any, ...] = ()
    exact: bool = False

    @property
    def certain(self) -> bool:
        """Say whether it narrows nothing."""
        return self.sql == "true"


ALL = Predicate("true", exact=True)
NONE = Predicate("false", exact=True)
UNKNOWN = Predicate("true")


def conjunction(left: Predicate, right: Predicate) -> Predicate:
    """Return what holds where both hold."""
    exact = left.exact and right.exact
    if left.sql == "true":
        return Predicate(right.sql, right.values, exact)
    if right.sql == "true":
        return Predicate(left.sql, left.values, exact)
    return Predicate(f"({left.sql} AND {right.sql})", left.values + right.values, exact)


def disjunction(left: Predicate, right: Predicate) -> Predicate:
    """Return what holds where either holds."""
    exact = left.exact and right.exact
    if "true" in (left.sql, right.sql):
        return Predicate("true", exact=exact)
    if left.sql == "false":
        return Predicate(right.sql, right.values, exact)
    if right.sql == "false":
        return Predicate(left.sql, left.values, exact)
    return Predicate(f"({left.sql} OR {right.sql})", left.values + right.values, exact)


class Translator:
    """Turns the filters of one query into predicates."""

    def __init__(self, columns: AttributeColumns, decoder: Decoder, request: Request) -> None:
        self.columns = columns
        self.decoder = decoder
        self.wishes: dict[Field, list[Condition]] = {}
        for condition in request.conditions:
            for target in scoped(condition.field):
                self.wishes.setdefault(target, []).append(condition)

    def predicate(self, node: Expression) -> Predicate:
        """Return what a filter's expression implies about rows."""
        if isinstance(node, Static):
            return ALL if node.value is True else NONE
        if isinstance(node, Attribute):
            return self._condition(Condition(node, "=", value=True))
        if isinstance(node, Binary):
            if node.op == "&&":
                return conjunction(self.predicate(node.left), self.predicate(node.right))
            if node.op == "||":
                return disjunction(self.predicate(node.left), self.predicate(node.right))
            condition = condition_of(node)
            if condition is not None and not condition.mirrored:
                return self._condition(condition)
        return UNKNOWN

    def _condition(self, condition: Condition) -> Predicate:
        target = condition.field
        if isinstance(target, Intrinsic):
            return self._intrinsic(target.name, condition)
        if target.parent:
            return UNKNOWN
        if target.scope == "span":
            return self._span_attribute(target.name, condition)
        if target.scope in ("resource", "instrumentation"):
            return self._owner(target, condition)
        if target.scope in ("event", "link"):
            return _carrier(target.scope, condition)
        inner = self._span_attribute(target.name, condition)
        outer = self._owner(Attribute(target.name, "resource"), condition)
        both = disjunction(inner, outer)
        shadowed = any(target.name in owner.attributes for owner in self.decoder.resources)
        return Predicate(both.sql, both.values, both.exact and not shadowed)

    def _alone(self, target: Field, condition: Condition) -> bool:
        """Say whether this is all that the query asks of a field."""
        return self.wishes.get(target) == [condition]

    def _owner(self, target: Attribute, condition: Condition) -> Predicate:
        """Decide for each resource or scope in Python; rows only carry its number."""
        if target.scope == "resource":
            column, owners = "resource_id", [r.attributes for r in list(self.decoder.resources)]
        else:
            column, owners = "scope_id", [s.attributes for s in list(self.decoder.scopes)]
        alone = self._alone(target, condition)
        numbers = [
            number
            for number, attributes in enumerate(owners)
            if _holds(condition, attributes.get(target.name), strict=alone)
        ]
        return _numbered(column, numbers, len(owners), exact=alone)

    def _span_attribute(self, key: str, condition: Condition) -> Predicate:
        types = self.columns.types(key)
        if not self.columns.indexed(key):
            return UNKNOWN
        present = [self.columns.column(key, kind) for kind in sorted(types)]
        if condition.op == ABSENT:
            parts = [f"{column} IS NULL" for column in present]
            exact = OTHER not in types
            scalar = [
                f"{self.columns.column(key, kind)} IS NULL" for kind in sorted(types - {OTHER})
            ]
            return Predicate(" AND ".join(parts if exact else scalar) or "true", exact=exact)
        if condition.op == ANY:
            sql = " OR ".join(f"{column} IS NOT NULL" for column in present)
            return Predicate(f"({sql})", exact=OTHER not in types) if sql else NONE
        alone = self._alone(Attribute(key, "span"), condition)
        kinds = _kinds(condition.value, alone=alone) & types
        out = NONE
        for kind in sorted(kinds):
            out = disjunction(out, _compared(self.columns.column(key, kind), condition))
        if OTHER in types:
            out = disjunction(out, Predicate(self.columns.column(key, OTHER)))
        return Predicate(out.sql, out.values, out.exact and alone)

    def _intrinsic(self, name: str, condition: Condition) -> Predicate:
        value = condition.value
        alone = self._alone(Intrinsic(name), condition)
        if condition.op in (ANY, ABSENT):
            return UNKNOWN
        if name in _COLUMNS:
            if name == "status" and isinstance(value, Status):
                value = STATUSES.index(value)
            elif name == "kind" and isinstance(value, Kind):
                value = int(value)
            done = _compared(_COLUMNS[name], Condition(condition.field, condition.op, value))
            return Predicate(done.sql, done.values, done.exact and alone)
        if name in ("instrumentation:name", "instrumentation:version"):
            scopes = list(self.decoder.scopes)
            part = name.partition(":")[2]
            numbers = [
                number
                for number, scope in enumerate(scopes)
                if condition.admits(getattr(scope, part))
            ]
            return _numbered("scope_id", numbers, len(scopes), exact=alone)
        if name in ("span:id", "span:parentID", "trace:id"):
            return _identity(name, condition)
        if name == "span:childCount":
            return _parent(condition)
        return _carrier(name.partition(":")[0], condition)


def _kinds(value: Value, *, alone: bool) -> set[str]:
    if type(value) in NUMERIC and not alone:
        return {"int", "float"}
    kind = _TYPE_COLUMNS.get(type(value))
    return {kind} if kind else set()


def _compared(column: str, condition: Condition) -> Predicate:
    if condition.op in REGEXES:
        call = f"regexp_full_match({column}, ?, 's')"
        sql = call if condition.op == "=~" else f"NOT {call}"
        return Predicate(sql, (condition.value,), exact=True)
    value = condition.value
    if isinstance(value, Duration):
        value = int(value)
    return Predicate(f"{column} {_SQL_OPS[condition.op]} ?", (value,), exact=True)


def _holds(condition: Condition, value: Value, *, strict: bool) -> bool:
    if value is None or value == ():
        return condition.op == ABSENT
    if condition.op in (ANY, ABSENT):
        return condition.op == ANY
    if not strict or isinstance(value, tuple):
        return True
    return condition.admits(value)


def _numbered(column: str, numbers: list[int], total: int, *, exact: bool) -> Predicate:
    if len(numbers) == total:
        return Predicate("true", exact=exact)
    if not numbers:
        return Predicate("false", exact=exact)
    return Predicate(f"{column} IN ({', '.join(map(str, numbers))})", exact=exact)


def _carrier(scope: str, condition: Condition) -> Predicate:
    if condition.op == ABSENT or scope not in ("event", "link"):
        return UNKNOWN
    return Predicate(f"has_{scope}s")


def _parent(condition: Condition) -> Predicate:
    """Return what a span has that has at least so many children; its traces are looked at."""
    value = condition.value
    if condition.op not in ("=", ">=", ">") or not isinstance(value, int | float):
        return UNKNOWN
    least = value + 1 if condition.op == ">" and isinstance(value, int) else value
    if not 0 < least < MAX_INT:
        return UNKNOWN
    return Predicate(
        "(trace_low, span_id) IN (SELECT (trace_low, parent_id) FROM spans WHERE parent_id <> 0 "
        "GROUP BY trace_low, parent_id HAVING count(*) >= ?)",
        (least,),
    )


def _identity(name: str, condition: Condition) -> Predicate:
    text = condition.value
    if condition.op != "=" or not isinstance(text, str):
        return UNKNOWN
    try:
        number = int(text or "x", 16)
    except ValueError:
        return NONE
    if not 0 <= number < (2**128 if name == "trace:id" else 2**64):
        return NONE
    if name == "trace:id":
        low = number & (2**64 - 1)
        return Predicate("(trace_low = ? AND trace_high = ?)", (low, number >> 64))
    return Predicate(f"{'span_id' if name == 'span:id' else 'parent_id'} = ?", (number,))
