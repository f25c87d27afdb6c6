"""The fast path of metrics: groups and counts in SQL, when the filter is exactly a predicate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from obstack_lab.telemetry.tempo.attribute_columns import OTHER
from obstack_lab.telemetry.tempo.decoder import KINDS, STATUSES
from obstack_lab.telemetry.tempo.predicate import Translator
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.conditions import Request, scoped
from obstack_lab.telemetry.traceql.exemplar import Key, spread
from obstack_lab.telemetry.traceql.series import BUCKETING, COUNTING, Accumulator, key_of
from obstack_lab.telemetry.traceql.static import Value
from obstack_lab.telemetry.traceql.syntax import Attribute, Field, Filter, Intrinsic, MetricsQuery

_BUCKET = (
    "CASE WHEN {value} < 2 THEN NULL WHEN {value} < 35184372088832 THEN ceil(log2({value})) "
    "ELSE length(ltrim(bin({value} - 1), '0')) END"
)
"""The exponent of the power of two; beyond 2^45 a float's logarithm is not exact enough."""

_CHOICE = 4
"""So many times as many exemplars are read as are given: each series gets its share of them."""


@dataclass(frozen=True, slots=True)
class Column:
    """Expressions that a field is grouped by, and how their values become the field's."""

    expressions: tuple[str, ...]
    read: Callable[[Sequence[Any]], Value]


def fast_path(
    store: SpanStore,
    query: MetricsQuery,
    request: Request,
    accumulator: Accumulator,
    *,
    exemplars: int,
) -> bool:
    """Fill the accumulator by one SQL query, or return False where only Python can.

    The number of one row in each group is read with it; a second query reads the exemplars there.
    """
    stages = query.pipeline.stages
    if len(stages) != 1 or not isinstance(stages[0], Filter) or request.fetched() is not None:
        return False
    if not request.every and _is_sieved(query, request):
        return False
    predicate = Translator(store.columns, store.decoder, request).predicate(stages[0].expression)
    if not predicate.exact:
        return False
    columns = [column_of(store, target) for target in query.aggregate.by]
    if any(column is None for column in columns):
        return False
    subject = _subject(store, query)
    if subject is None:
        return False
    measured = _measured(query.aggregate.op, subject)
    groups = [column for column in columns if column is not None]
    intervals = accumulator.intervals
    chosen = ["(started - ? - 1) // ?"]
    chosen += [expression for column in groups for expression in column.expressions]
    keys = ", ".join(str(number + 1) for number in range(len(chosen)))
    statement = (
        f"SELECT {', '.join(chosen)}, {measured}, min(rowid) FROM spans "  # noqa: S608 - our own names
        f"WHERE started > ? AND started <= ? AND {predicate.sql} GROUP BY {keys}"
    )
    if query.aggregate.op in BUCKETING:
        statement += f", {len(chosen) + 1}"
    values = [intervals.begin, intervals.step, intervals.begin, intervals.end, *predicate.values]
    cursor = store.cursor()
    cursor.begin()
    try:
        rows = cursor.execute(statement, values).fetchall()
        examples: dict[int, Key] = {}
        for row in rows:
            at, parts = 1, []
            for column in groups:
                size = len(column.expressions)
                parts.append(column.read(row[at : at + size]))
                at += size
            key = key_of(parts)
            _observe(accumulator, key, int(row[0]), row[at:-1])
            examples[row[-1]] = key
        if exemplars and examples:
            _exemplify(cursor, accumulator, examples, subject, most=exemplars)
    finally:
        cursor.commit()
    return True


def _exemplify(
    cursor: Any, accumulator: Accumulator, examples: dict[int, Key], subject: str, *, most: int
) -> None:
    """Read the spans of these rows, of some of them where they are too many."""
    numbers = spread(sorted(examples), most * _CHOICE)
    found = cursor.execute(
        f"SELECT rowid, trace_high, trace_low, started, {subject or 'NULL'} "  # noqa: S608 - our own names
        "FROM spans WHERE rowid BETWEEN ? AND ? AND rowid IN (SELECT unnest(?::BIGINT[]))",
        [numbers[0], numbers[-1], numbers],
    )
    for number, high, low, started, value in found.fetchall():
        interval = accumulator.intervals.index(started)
        trace_id = f"{high:016x}{low:016x}"
        accumulator.exemplify(examples[number], value, interval, trace_id, started)


def _is_sieved(query: MetricsQuery, request: Request) -> bool:
    """Say whether conditions hide values of what is grouped or measured."""
    read = {query.aggregate.field, *query.aggregate.by}
    places = {place for target in read if target is not None for place in scoped(target)}
    return any(
        condition.op and not places.isdisjoint(scoped(condition.field))
        for condition in request.conditions
    )


def _observe(accumulator: Accumulator, key: Key, interval: int, measured: Sequence[Any]) -> None:
    op = accumulator.aggregate.op
    if op in COUNTING:
        accumulator.count(key, interval, measured[0])
    elif op in BUCKETING:
        if measured[0] is not None:
            accumulator.bucket(key, interval, 1 << int(measured[0]), measured[1])
    else:
        least, greatest, total, number, all_of_them = measured
        moments = accumulator.moment(key, interval)
        if number:
            moments.add(float(least), float(greatest), float(total), number)
        moments.broken |= number < all_of_them


def _subject(store: SpanStore, query: MetricsQuery) -> str | None:
    """Return the column that is measured, empty where spans are counted; None where none is it."""
    aggregate = query.aggregate
    if aggregate.op in COUNTING:
        return ""
    target = aggregate.field
    if target == Intrinsic("duration"):
        return "duration"
    if isinstance(target, Attribute):
        return _numbers(store, target, aggregate.op) or None
    return None


def _measured(op: str, subject: str) -> str:
    """Return what SQL calculates of a column for the function."""
    if op in COUNTING:
        return "count(*)"
    if op in BUCKETING:
        return f"{_BUCKET.format(value=subject)}, count(*)"
    return f"min({subject}), max({subject}), sum({subject}), count({subject}), count(*)"


def _numbers(store: SpanStore, target: Attribute, op: str) -> str:
    """Return the one column of an attribute that has only numbers of one type."""
    if not _only_spans(store, target):
        return ""
    types = store.columns.types(target.name)
    if not store.columns.indexed(target.name) or len(types) != 1:
        return ""
    kind = next(iter(types))
    wanted = ("int",) if op in BUCKETING else ("int", "float")
    return store.columns.column(target.name, kind) if kind in wanted else ""


def _only_spans(store: SpanStore, target: Attribute) -> bool:
    if target.parent or target.scope not in ("", "span"):
        return False
    return target.scope == "span" or not any(
        target.name in resource.attributes for resource in list(store.decoder.resources)
    )


def column_of(store: SpanStore, target: Field) -> Column | None:  # noqa: PLR0911 - a case a scope
    """Return how a field is grouped by; None where its values stand in the body only."""
    if isinstance(target, Intrinsic):
        return _intrinsic(store, target.name)
    if target.parent:
        return None
    if target.scope == "resource":
        resources = store.decoder.resources
        return Column(("resource_id",), lambda row: resources[row[0]].attributes.get(target.name))
    if target.scope == "instrumentation":
        scopes = store.decoder.scopes
        return Column(("scope_id",), lambda row: scopes[row[0]].attributes.get(target.name))
    if not _only_spans(store, target):
        return None
    types = sorted(store.columns.types(target.name))
    if OTHER in types or not store.columns.indexed(target.name):
        return None
    names = tuple(store.columns.column(target.name, kind) for kind in types)
    return Column(names, lambda row: next((value for value in row if value is not None), None))


def _intrinsic(store: SpanStore, name: str) -> Column | None:
    if name == "name":
        return Column(("name",), lambda row: str(row[0]))
    if name == "statusMessage":
        return Column(("status_message",), lambda row: str(row[0]))
    if name == "kind":
        return Column(("kind",), lambda row: KINDS[row[0]])
    if name == "status":
        return Column(("status",), lambda row: STATUSES[row[0]])
    if name in ("instrumentation:name", "instrumentation:version"):
        part = name.partition(":")[2]
        scopes = store.decoder.scopes
        return Column(("scope_id",), lambda row: str(getattr(scopes[row[0]], part)))
    return None
