"""The exact evaluator of metric queries: the meaning of LogQL, and the oracle of the fast paths.

A result is a matrix: for every series (its sorted labels) one value a step, None where it has
none. A number stays a float until something needs a matrix.
"""

from __future__ import annotations

import time
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.arithmetic import ARITHMETIC
from obstack_lab.telemetry.logql.binary import combine
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.errors import DeadlinePassed, LimitError
from obstack_lab.telemetry.logql.regex import compile_regex
from obstack_lab.telemetry.logql.sample import LabelSet, SampleExtractor, filled
from obstack_lab.telemetry.logql.vector import aggregate
from obstack_lab.telemetry.logql.windows import window_function

Matrix = dict[LabelSet, list[float | None]]
Samples = dict[LabelSet, tuple[list[int], list[float]]]
_CHECK_EVERY = 64
_SUMMABLE = frozenset({"count_over_time", "rate", "bytes_over_time", "bytes_rate", "sum_over_time"})
_SHARED = _SUMMABLE | {"min_over_time", "max_over_time"}
"""What Loki computes in parts that it then puts together."""


@dataclass(frozen=True)
class Deadline:
    """When a query has to end; the default never comes."""

    at: float = float("inf")
    seconds: float = 0.0

    @classmethod
    def after(cls, seconds: float) -> Deadline:
        """Return the deadline that comes in so many seconds."""
        return cls(time.monotonic() + seconds, seconds)

    def check(self) -> None:
        """Raise where it has passed."""
        if time.monotonic() > self.at:
            raise DeadlinePassed(self.seconds)


@dataclass(frozen=True)
class Steps:
    """The times at which a metric query is evaluated, in nanoseconds, both ends included."""

    start: int
    end: int
    step: int = 0

    @property
    def times(self) -> Sequence[int]:
        """All the times."""
        if self.step <= 0:
            return (self.start,)
        return range(self.start, self.end + 1, self.step)


class Source(Protocol):
    """Where lines come from."""

    def entries(self, selector: ast.Selector, after: int, until: int) -> Iterable[Entry]:
        """Yield the matching streams' entries with `after < timestamp <= until`, oldest first.

        The stages are not applied, although lines that a line filter would drop may be missing.
        """

    def matrix(self, tree: ast.Query, steps: Steps, deadline: Deadline) -> Matrix | None:
        """Return the whole result where a fast path gives it, else None."""


@dataclass
class Evaluation:
    """One metric query on its way: where lines come from, the steps, deadline and ceiling.

    The ceiling holds for the result, for each side of a binary operation, and for what Loki
    computes apart (`_is_split`).
    """

    source: Source
    steps: Steps
    deadline: Deadline = field(default_factory=Deadline)
    most_series: int | None = None

    def run(self, tree: ast.Query) -> Matrix | float:  # noqa: PLR0911 - one return a case
        """Return the matrix of a metric query, or the number where it is one."""
        self.deadline.check()
        if isinstance(tree, ast.Literal):
            return tree.value
        fast = self.source.matrix(tree, self.steps, self.deadline)
        if fast is not None:
            return fast
        match tree:
            case ast.Vector():
                return {(): [tree.value] * len(self.steps.times)}
            case ast.RangeAggregation():
                return self._ranges(tree)
            case ast.VectorAggregation():
                if isinstance(tree.inner, ast.RangeAggregation) and pushes_grouping(tree):
                    inner = self._ranges(tree.inner, tree.grouping or ast.Grouping(()))
                else:
                    inner = self.matrix(tree.inner)
                    if _is_split(tree):
                        self._check_series(inner, parts=_parts(tree))
                return aggregate(tree, inner, len(self.steps.times))
            case ast.LabelReplace():
                return replace_label(tree, self.matrix(tree.inner))
            case ast.Binary():
                side = self.run if _scales(tree) else self._limited
                left, right = side(tree.left), side(tree.right)
                return combine(tree, left, right, len(self.steps.times))
            case _:
                raise TypeError(tree)

    def answer(self, tree: ast.Query) -> Matrix | float:
        """Return the result of the whole query, or refuse it where it has too many series."""
        return self._limited(tree)

    def _limited(self, tree: ast.Query) -> Matrix | float:
        result = self.run(tree)
        if not isinstance(result, float):
            self._check_series(result)
        return result

    def _check_series(self, result: Matrix, parts: int = 1) -> None:
        if self.most_series is not None and len(result) > parts * self.most_series:
            raise LimitError(
                f"maximum number of series ({self.most_series}) reached for a single query; "
                "consider reducing query cardinality by adding more specific stream selectors, "
                "reducing the time range, or aggregating results with functions like sum(), "
                "count() or topk()"
            )

    def matrix(self, tree: ast.Query) -> Matrix:
        """Return the matrix of a query; a number becomes a series without labels."""
        return self.as_matrix(self.run(tree))

    def as_matrix(self, result: Matrix | float) -> Matrix:
        """Return the result as a matrix."""
        if isinstance(result, float):
            return {(): [result] * len(self.steps.times)}
        return result

    def _ranges(self, tree: ast.RangeAggregation, pushed: ast.Grouping | None = None) -> Matrix:
        extent = tree.range
        times = self.steps.times
        after = times[0] - extent.offset - extent.interval
        until = times[-1] - extent.offset
        entries = self.source.entries(extent.selector, after, until)
        samples = collect(tree, entries, self.deadline, pushed)
        if tree.op == "absent_over_time":
            return _absent(tree, samples, times)
        return windows(tree, samples, times, self.deadline)


def _is_split(tree: ast.VectorAggregation) -> bool:
    """Say whether Loki computes what is aggregated apart, so that its ceiling holds for it."""
    inner = tree.inner
    if tree.op in ("sort", "sort_desc"):
        return False
    if isinstance(inner, ast.RangeAggregation):
        if tree.op in ("topk", "bottomk") and inner.range.unwrap and inner.grouping is None:
            return True
        return _is_apart(inner) and (tree.op != "sum" or inner.grouping is not None)
    if tree.op == "sum" and not isinstance(inner, ast.LabelReplace):
        return False
    return _is_apart(inner)


def _parts(tree: ast.VectorAggregation) -> int:
    """Return into how many parts Loki cuts the streams, with a ceiling for each."""
    inner = tree.inner
    shared = isinstance(inner, ast.RangeAggregation) and inner.range.unwrap is None
    return 2 if shared and tree.op not in ("topk", "bottomk") else 1


def _is_apart(tree: ast.Query) -> bool:
    match tree:
        case ast.RangeAggregation():
            if tree.range.unwrap is None:
                return tree.op != "absent_over_time"
            return tree.op in ("min_over_time", "max_over_time") and tree.grouping is not None
        case ast.VectorAggregation():
            extreme = isinstance(tree.inner, ast.RangeAggregation) and tree.inner.op in _SHARED
            return extreme or _is_apart(tree.inner)
        case ast.LabelReplace():
            return _is_apart(tree.inner)
        case ast.Binary():
            return _scales(tree) and (_is_apart(tree.left) or _is_apart(tree.right))
        case _:
            return False


def _scales(tree: ast.Binary) -> bool:
    """Say whether a number is added to the series or they are multiplied by it, and the like."""
    numbers = isinstance(tree.left, ast.Literal) or isinstance(tree.right, ast.Literal)
    return numbers and tree.op in ARITHMETIC


def pushes_grouping(tree: ast.VectorAggregation) -> bool:
    """Say whether a sum's grouping can be applied to the samples, as Loki does.

    It shows where a label is both unwrapped and summed by.
    """
    inner = tree.inner
    return (
        tree.op == "sum"
        and isinstance(inner, ast.RangeAggregation)
        and inner.grouping is None
        and inner.op in _SUMMABLE
    )


def collect(
    tree: ast.RangeAggregation,
    entries: Iterable[Entry],
    deadline: Deadline,
    pushed: ast.Grouping | None = None,
) -> Samples:
    """Return the samples that the entries give, by series."""
    extractor = SampleExtractor(tree, pushed)
    found: Samples = {}
    for count, entry in enumerate(entries):
        if not count % _CHECK_EVERY:
            deadline.check()
        sample = extractor.sample(entry)
        if sample is None:
            continue
        series = found.get(sample[0])
        if series is None:
            series = found[sample[0]] = ([], [])
        series[0].append(entry.timestamp)
        series[1].append(sample[1])
    return found


def windows(
    tree: ast.RangeAggregation, samples: Samples, times: Sequence[int], deadline: Deadline
) -> Matrix:
    """Return what the aggregation gives for each series at each step: window (t - range, t]."""
    extent = tree.range
    function = window_function(
        tree.op, extent.interval, tree.parameter, unwrapped=extent.unwrap is not None
    )
    matrix: Matrix = {}
    for labels, (stamps, values) in samples.items():
        deadline.check()
        row: list[float | None] = []
        low = high = 0
        for moment in times:
            last = moment - extent.offset
            high = bisect_right(stamps, last, low)
            low = bisect_right(stamps, last - extent.interval, low, high)
            row.append(function(stamps[low:high], values[low:high], last) if high > low else None)
        if any(value is not None for value in row):
            matrix[labels] = row
    return matrix


def _absent(tree: ast.RangeAggregation, samples: Samples, times: Sequence[int]) -> Matrix:
    extent = tree.range
    stamps = sorted(stamp for series in samples.values() for stamp in series[0])
    row: list[float | None] = []
    for moment in times:
        last = moment - extent.offset
        first = bisect_right(stamps, last - extent.interval)
        row.append(None if bisect_right(stamps, last) > first else 1.0)
    if all(value is None for value in row):
        return {}
    return {absent_labels(extent.selector.matchers): row}


def absent_labels(matchers: Sequence[ast.Matcher]) -> LabelSet:
    """Return the labels of an absent series: those that one equality matcher alone fixes."""
    found: dict[str, str] = {}
    repeated: set[str] = set()
    for matcher in matchers:
        if matcher.op == "=" and matcher.name not in found:
            found[matcher.name] = matcher.value
        else:
            repeated.add(matcher.name)
    return tuple(
        sorted((name, value) for name, value in found.items() if value and name not in repeated)
    )


def replace_label(tree: ast.LabelReplace, inner: Matrix) -> Matrix:
    """Return the matrix with `target` set from `source` wherever the pattern matches it whole."""
    regex = compile_regex(tree.regex)
    result: Matrix = {}
    for labels, row in inner.items():
        named = dict(labels)
        value = regex.expand(named.get(tree.source, ""), tree.replacement)
        changed = labels
        if value is not None:
            changed = filled(tuple(sorted((named | {tree.target: value}).items())))
        result[changed] = row
    return result
