"""Runs plans: DuckDB groups the plainly written lines, the evaluator takes the others."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.evaluator import Deadline, Matrix, Steps, collect, pushes_grouping
from obstack_lab.telemetry.logql.filters import label_stage
from obstack_lab.telemetry.logql.need import lean, needed, without_parsers
from obstack_lab.telemetry.logql.sample import LabelSet, SampleExtractor
from obstack_lab.telemetry.logql.vector import aggregate
from obstack_lab.telemetry.loki import level
from obstack_lab.telemetry.loki.plan import (
    PLAIN_NUMBER,
    Field,
    Plan,
    bucket_width,
    make_plan,
)
from obstack_lab.telemetry.loki.store import LogStore, metadata, stream_condition
from obstack_lab.telemetry.loki.stream import Stream

SECOND = 1_000_000_000
Parts = dict[int, tuple[float, int]]
"""By bucket: the aggregate's part and how many lines are in it."""


class Unsuited(Exception):
    """The plan met something that only the evaluator may judge."""


def fast_matrix(
    store: LogStore, tree: ast.Query, steps: Steps, deadline: Deadline
) -> Matrix | None:
    """Return the result of an aggregation that DuckDB can group, else None."""
    pushed: ast.Grouping | None = None
    inner = tree
    if isinstance(tree, ast.VectorAggregation) and pushes_grouping(tree):
        inner, pushed = tree.inner, tree.grouping or ast.Grouping(())
    if not isinstance(inner, ast.RangeAggregation):
        return None
    inner = lean(inner)
    wanted = needed(inner, pushed or inner.grouping)
    if wanted is not None and not wanted:
        inner = without_parsers(inner)
    plan = make_plan(inner, pushed, steps)
    if plan is None:
        return None
    try:
        matrix = _Run(store, plan, steps, deadline).matrix()
    except Unsuited:
        return None
    if isinstance(tree, ast.VectorAggregation):
        return aggregate(tree, matrix, len(steps.times))
    return matrix


class _Run:
    def __init__(self, store: LogStore, plan: Plan, steps: Steps, deadline: Deadline) -> None:
        self.store = store
        self.plan = plan
        self.steps = steps
        self.deadline = deadline
        extent = plan.tree.range
        self.width = bucket_width(plan.tree, steps)
        self.after = steps.start - extent.offset - extent.interval
        self.until = steps.times[-1] - extent.offset
        self.extractor = SampleExtractor(plan.tree, plan.pushed)
        self.series: dict[LabelSet, Parts] = {}

    def matrix(self) -> Matrix:
        matchers = self.plan.tree.range.selector.matchers
        streams = self.store.streams.select(matchers, self.after + 1, self.until)
        if not streams:
            return {}
        plan = self.plan
        guarded = {field.name for field in plan.fields if field.stand_in is not None}
        if plan.unwrapped:
            guarded.add(plan.unwrapped.name)
        if any(guarded & stream.labels.keys() for stream in streams):
            raise Unsuited
        self.where = [
            "ts > ?",
            "ts <= ?",
            stream_condition(streams, len(self.store.streams)),
            *plan.conditions,
        ]
        self.bound: list[Any] = [self.after, self.until, *plan.parameters]
        self._hints(streams)
        self._add_hard()
        self._add_easy()
        return self._windows()

    def _easy(self) -> str:
        """Return the condition under which SQL reads a line as the evaluator would."""
        plain, failing = self.plan.grain
        if plain < 0:
            return "true"
        return f"shape IN ({plain})" if failing < 0 else f"shape IN ({plain}, {failing})"

    def _hints(self, streams: Sequence[Stream]) -> None:
        """Look only at lines that hold the texts which the query's equalities ask for."""
        names = {name for name, _ in self.plan.likely}
        if any(names & stream.labels.keys() for stream in streams):
            return
        for _, text in self.plan.likely:
            self.where.append("(contains(line, ?) OR contains(line, chr(92)) OR meta IS NOT NULL)")
            self.bound.append(text)

    def _add_hard(self) -> None:
        """Let the evaluator count the lines that SQL must not judge."""
        easy = self._easy()
        if easy == "true":
            return
        where = [*self.where, f"NOT ({easy})"]
        cursor = self.store.select(
            "SELECT ts, stream, line, level, meta FROM log_lines WHERE "  # noqa: S608 - values are bound
            f"{' AND '.join(where)} ORDER BY ts, rowid",
            self.bound,
        )
        samples = collect(self.plan.tree, self._entries(cursor), self.deadline, self.plan.pushed)
        if samples and not self.plan.adds_up:
            raise Unsuited
        for labels, (stamps, values) in samples.items():
            for stamp, value in zip(stamps, values, strict=True):
                self._add(labels, self._bucket(stamp), value, 1)

    def _entries(self, cursor: Any) -> Iterator[Entry]:
        streams = self.store.streams
        while rows := cursor.fetchmany(4096):
            for stamp, number, line, detected, meta in rows:
                yield Entry(stamp, line, streams[number].labels, metadata(detected, meta))

    def _add_easy(self) -> None:
        plan = self.plan
        names = [_column(field) for field in plan.fields]
        columns = [f"{text} AS p{at}, {meta} AS m{at}" for at, (text, meta) in enumerate(names)]
        if plan.whole_meta:
            columns.append("level, meta")
        failing = plan.grain[1]
        flag = f"shape = {failing}" if failing >= 0 else "false"
        value = _text_of(plan.unwrapped) if plan.unwrapped else "NULL::VARCHAR"
        listed = "".join(f", {column}" for column in columns)
        inner = (
            f"SELECT stream, (ts - {self.after} - 1) // {self.width} + 1 AS bucket, "  # noqa: S608 - values are bound
            f"{flag} AS failed, {value} AS text, line{listed} FROM log_lines "
            f"WHERE {' AND '.join([*self.where, self._easy(), *plan.narrowing])}"
        )
        keys = [f"p{at}, m{at}" for at in range(len(names))]
        if plan.whole_meta:
            keys.append("level, meta")
        grouped = "".join(f", {key}" for key in keys)
        odd = "0"
        if plan.unwrapped:
            inner = (
                f"SELECT *, TRY_CAST(text AS DOUBLE) AS value FROM ({inner}) WHERE text IS NOT NULL"  # noqa: S608 - values are bound
            )
            odd = f"count(*) FILTER (NOT regexp_full_match(text, '{PLAIN_NUMBER}'))"
        outer = (
            f"SELECT stream, failed{grouped}, bucket, {plan.aggregate}, count(*), {odd} "  # noqa: S608 - values are bound
            f"FROM ({inner}) GROUP BY ALL"
        )
        cursor = self.store.select(outer, [*self.bound, *plan.narrowing_parameters])
        judged: dict[tuple[Any, ...], LabelSet | None] = {}
        width = 2 + 2 * len(names) + 2 * plan.whole_meta
        judge = self._judge()
        while rows := cursor.fetchmany(8192):
            self.deadline.check()
            for row in rows:
                if row[width + 3]:
                    raise Unsuited
                key = row[:width]
                if key in judged:
                    labels = judged[key]
                else:
                    labels = judged[key] = judge(key)
                if labels is not None:
                    self._add(labels, row[width], row[width + 1], row[width + 2])

    def _judge(self) -> Callable[[tuple[Any, ...]], LabelSet | None]:  # noqa: C901 - one branch a case
        """Return the function from a combination of values to its series, None where it drops."""
        plan, streams = self.plan, self.store.streams
        stages = plan.tree.range.selector.stages
        functions = [
            label_stage(stage.filter) if isinstance(stage, ast.LabelFilter) else None
            for stage in stages
            if not isinstance(stage, ast.LineFilter)
        ]
        unwrap = plan.tree.range.unwrap
        later = [label_stage(item) for item in unwrap.filters] if unwrap else []

        def judge(key: tuple[Any, ...]) -> LabelSet | None:  # noqa: C901, PLR0912 - one branch a case
            meta: dict[str, str] = {}
            if plan.whole_meta:
                meta = dict(metadata(key[-2], key[-1]))
            for at, field in enumerate(plan.fields):
                if key[3 + 2 * at] is not None:
                    meta[field.name] = key[3 + 2 * at]
            entry = Entry(0, "", streams[key[0]].labels, meta)
            for function in functions:
                if function is not None:
                    if not function(entry):
                        return None
                elif key[1]:
                    entry.fail("JSONParserErr")
                else:
                    for at, field in enumerate(plan.fields):
                        text = key[2 + 2 * at]
                        if text is not None:
                            entry.extract(field.name, text)
                        elif plan.fills and field.parsed is not None:
                            entry.extract(field.name, "")
            if not all(function(entry) for function in later):
                return None
            if entry.error:
                raise Unsuited
            return self.extractor.labels(entry)

        return judge

    def _bucket(self, stamp: int) -> int:
        return (stamp - self.after - 1) // self.width + 1

    def _add(self, labels: LabelSet, bucket: int, value: Any, count: int) -> None:
        parts = self.series.setdefault(labels, {})
        before = parts.get(bucket)
        if before is None:
            parts[bucket] = (float(value), count)
            return
        if not self.plan.adds_up:
            raise Unsuited
        parts[bucket] = (self._joined(before[0], float(value)), before[1] + count)

    def _joined(self, left: float, right: float) -> float:
        if self.plan.aggregate.startswith("min("):
            return min(left, right)
        if self.plan.aggregate.startswith("max("):
            return max(left, right)
        return left + right

    def _windows(self) -> Matrix:
        tree = self.plan.tree
        span = tree.range.interval // self.width
        stride = self.steps.step // self.width if self.steps.step > 0 else 0
        finish = _finish(tree)
        result: Matrix = {}
        steps = len(self.steps.times)
        for labels, parts in self.series.items():
            buckets = sorted(parts)
            row: list[float | None] = []
            for step in range(steps):
                low = bisect_left(buckets, step * stride + 1)
                high = bisect_right(buckets, step * stride + span, low)
                if low == high:
                    row.append(None)
                    continue
                value, count = parts[buckets[low]]
                for bucket in buckets[low + 1 : high]:
                    value = self._joined(value, parts[bucket][0])
                    count += parts[bucket][1]
                row.append(finish(value, count))
            if any(value is not None for value in row):
                result[labels] = row
        return result


def _finish(tree: ast.RangeAggregation) -> Callable[[float, int], float]:
    seconds = tree.range.interval / SECOND
    if tree.op in ("rate", "bytes_rate"):
        return lambda value, _count: value / seconds
    if tree.op == "avg_over_time":
        return lambda value, count: value / count
    return lambda value, _count: value


def _text_of(field: Field) -> str:
    """Return the SQL of a label's text, metadata before what the line says."""
    return field.meta if field.parsed is None else f"coalesce({field.meta}, {field.parsed})"


def _column(field: Field) -> tuple[str, str]:
    """Return the SQL of a field's text in the line and in the metadata."""
    parsed = field.parsed or "NULL::VARCHAR"
    if field.stand_in is not None:
        parsed = (
            f"CASE WHEN regexp_full_match({parsed}, '{PLAIN_NUMBER}') "
            f"THEN '{field.stand_in}' ELSE {parsed} END"
        )
    if field.name == level.LABEL:
        return parsed, "level"
    return parsed, f"CASE WHEN meta IS NULL THEN NULL ELSE {field.meta} END"
