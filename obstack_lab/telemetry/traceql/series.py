"""Series of a metrics query: what spans add up to in each interval, by group."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from obstack_lab.telemetry.traceql.dedicated import SPAN
from obstack_lab.telemetry.traceql.exemplar import Exemplar, Exemplars, Key
from obstack_lab.telemetry.traceql.static import NUMERIC, Duration, Value, render
from obstack_lab.telemetry.traceql.syntax import Attribute, Field, Intrinsic, MetricsAggregate

Labels: TypeAlias = tuple[tuple[str, Value], ...]

COUNTING = frozenset(("rate", "count_over_time"))
BUCKETING = frozenset(("quantile_over_time", "histogram_over_time"))
NANOSECONDS = 1e9
_LENGTHS = (Intrinsic("duration"), Intrinsic("traceDuration"), Intrinsic("event:timeSinceStart"))
NIL = "nil"


@dataclass(slots=True)
class Series:
    """One line: its labels, and a value in some of the intervals."""

    labels: Labels
    points: dict[int, float]
    exemplars: list[Exemplar] = field(default_factory=list)

    def identity(self) -> str:
        """Return what tells series apart and orders them."""
        quote = '"'
        pairs = (
            f"{name}={value!r}" if type(value) is float else f"{name}={render(value, quote=quote)}"
            for name, value in self.labels
        )
        return "{" + ", ".join(pairs) + "}"


@dataclass(frozen=True, slots=True)
class Intervals:
    """The moments that samples belong to: each ends an interval of `step` nanoseconds."""

    first: int
    step: int
    count: int

    @property
    def begin(self) -> int:
        """The moment after which spans count."""
        return self.first - self.step

    @property
    def end(self) -> int:
        """The last moment at which spans count."""
        return self.first + (self.count - 1) * self.step

    def index(self, moment: int) -> int:
        """Return the interval of a moment, -1 outside."""
        number = (moment - self.begin - 1) // self.step
        return number if 0 <= number < self.count else -1


@dataclass(slots=True)
class Moments:
    """Least, greatest, sum and number of the values of an interval."""

    least: float = math.inf
    greatest: float = -math.inf
    total: float = 0.0
    number: int = 0
    broken: bool = False
    """A span had no number: the sum is not known."""

    def add(self, least: float, greatest: float, total: float, number: int) -> None:
        """Take in a part of the interval."""
        self.least = min(self.least, least)
        self.greatest = max(self.greatest, greatest)
        self.total += total
        self.number += number

    def value(self, op: str) -> float | None:
        """Return what a function makes of it."""
        if op == "min_over_time":
            return self.least if self.number else None
        if op == "max_over_time":
            return self.greatest if self.number else None
        if not self.number or (self.broken and op == "sum_over_time"):
            return None
        return self.total if op == "sum_over_time" else self.total / self.number


def bucket_of(value: int) -> int:
    """Return the power of two that a whole number is counted under; 0 where it is not counted."""
    return 1 << (value - 1).bit_length() if value >= 2 else 0


def quantile(share: float, buckets: dict[int, int]) -> float:
    """Return a quantile of counts by power of two, with exponential interpolation.

    It begins at the largest smaller size that was counted, for the least at half its size.
    """
    total = sum(buckets.values())
    if not total:
        return 0.0
    rank = max(1, math.ceil(share * total))
    seen, below = 0, min(buckets) // 2
    for size in sorted(buckets):
        count = buckets[size]
        if seen + count >= rank:
            low, high = math.log2(below), math.log2(size)
            return float(2 ** (low + (high - low) * (rank - seen) / count))
        seen, below = seen + count, size
    return float(max(buckets))


@dataclass(slots=True)
class Accumulator:
    """Adds up observations of one metrics function, then makes series of them."""

    aggregate: MetricsAggregate
    intervals: Intervals
    counts: dict[Key, dict[int, float]] = field(default_factory=dict)
    buckets: dict[Key, dict[int, dict[int, int]]] = field(default_factory=dict)
    moments: dict[Key, dict[int, Moments]] = field(default_factory=dict)
    exemplars: Exemplars = field(default_factory=Exemplars)

    def observe(self, key: Key, interval: int, value: Value) -> None:
        """Take one span's group, interval and, where the function has a field, its value."""
        op = self.aggregate.op
        if op in COUNTING:
            self.count(key, interval, 1)
        elif op in BUCKETING:
            if type(value) in (int, Duration):
                self.bucket(key, interval, bucket_of(int(value)), 1)  # type: ignore[arg-type]  # a whole number
        elif type(value) in NUMERIC:
            number = float(value)  # type: ignore[arg-type]  # a number
            self.moment(key, interval).add(number, number, number, 1)
        else:
            self.moment(key, interval).broken = True

    def exemplify(self, key: Key, value: Value, interval: int, trace_id: str, moment: int) -> None:
        """Keep this span as an example of what it was counted in."""
        if self.aggregate.op in COUNTING:
            self.exemplars.offer(key, Exemplar(trace_id, moment, interval))
            return
        if type(value) not in NUMERIC:
            return
        measured = float(value)  # type: ignore[arg-type]  # a number
        size = bucket_of(int(measured)) if self.aggregate.op in BUCKETING else 1
        if size:
            exemplar = Exemplar(trace_id, moment, interval, measured / self.unit)
            self.exemplars.offer(key, exemplar, size)

    def count(self, key: Key, interval: int, number: int) -> None:
        """Count spans of a group."""
        cells = self.counts.setdefault(key, {})
        cells[interval] = cells.get(interval, 0) + number

    def bucket(self, key: Key, interval: int, size: int, number: int) -> None:
        """Count values under a power of two."""
        if size:
            cells = self.buckets.setdefault(key, {}).setdefault(interval, {})
            cells[size] = cells.get(size, 0) + number

    def moment(self, key: Key, interval: int) -> Moments:
        """Return the moments of a group's interval."""
        cells = self.moments.setdefault(key, {})
        if interval not in cells:
            cells[interval] = Moments()
        return cells[interval]

    def series(self) -> list[Series]:
        """Return the finished series."""
        op = self.aggregate.op
        if op in COUNTING:
            return self._counted(
                1 if op == "count_over_time" else self.intervals.step / NANOSECONDS
            )
        if op == "quantile_over_time":
            return self._quantiles()
        if op == "histogram_over_time":
            return self._histogram()
        out = []
        for key, cells in self.moments.items():
            points = {
                interval: value / self.unit
                for interval, moments in cells.items()
                if (value := moments.value(op)) is not None
            }
            if points:
                out.append(Series(self.labels(key), points, self.exemplars.of(key)))
        return out

    @property
    def unit(self) -> float:
        """Durations of spans count in seconds, other durations in buckets only."""
        field = self.aggregate.field
        if self.aggregate.op in BUCKETING and field in _LENGTHS:
            return NANOSECONDS
        return NANOSECONDS if field == Intrinsic("duration") else 1.0

    def labels(self, key: Key) -> Labels:
        """Return a group's labels; a nil is left out beside others, unless it has a column."""
        by = self.aggregate.by
        if not by:
            return () if self.aggregate.op in BUCKETING else (("__name__", self.aggregate.op),)
        pairs = [
            (str(target), named(target, value)) for target, (_, value) in zip(by, key, strict=True)
        ]
        if len(pairs) == 1:
            return ((pairs[0][0], NIL if pairs[0][1] is None else pairs[0][1]),)
        shown = tuple(
            (name, NIL if value is None else value)
            for (name, value), target in zip(pairs, by, strict=True)
            if value is not None or _own_column(target)
        )
        return shown or ((pairs[0][0], NIL),)

    def _filled(self, cells: dict[int, float]) -> dict[int, float]:
        return {interval: cells.get(interval, 0.0) for interval in range(self.intervals.count)}

    def _counted(self, divisor: float) -> list[Series]:
        groups = self.counts
        if not groups and not self.aggregate.by:
            groups = {(): {}}
        return [
            Series(
                self.labels(key),
                self._filled({at: number / divisor for at, number in cells.items()}),
                self.exemplars.of(key),
            )
            for key, cells in groups.items()
        ]

    def _quantiles(self) -> list[Series]:
        out = []
        for key, cells in self.buckets.items():
            for share in self.aggregate.quantiles:
                points = {at: quantile(share, counts) / self.unit for at, counts in cells.items()}
                labels = (*self.labels(key), ("p", share))
                near = self.exemplars.near(key, {at: v * self.unit for at, v in points.items()})
                out.append(Series(labels, self._filled(points), near))
        return out

    def _histogram(self) -> list[Series]:
        out = []
        for key, cells in self.buckets.items():
            sizes = sorted({size for counts in cells.values() for size in counts})
            for size in sizes:
                points = {at: float(counts.get(size, 0)) for at, counts in cells.items()}
                labels = (*self.labels(key), ("__bucket", size / self.unit))
                out.append(Series(labels, self._filled(points), self.exemplars.of(key, size)))
        return out


def key_of(values: Iterable[Value]) -> Key:
    """Return the group of these values; arrays group as nil."""
    return tuple(
        (type(None), None) if isinstance(value, tuple) else (type(value), value) for value in values
    )


def named(target: Field, value: Value) -> Value:
    """Return a group's value as a label: names of events are strings even where there is none."""
    if value is None and isinstance(target, Intrinsic):
        return ""
    return value


def _own_column(target: Field) -> bool:
    return isinstance(target, Attribute) and target.scope == "span" and target.name in SPAN


def merge(parts: Iterable[Series]) -> dict[str, Series]:
    """Return series by their labels without the name of the function."""
    out: dict[str, Series] = {}
    for series in parts:
        bare = tuple(pair for pair in series.labels if pair[0] != "__name__")
        out[Series(bare, {}).identity()] = series
    return out
