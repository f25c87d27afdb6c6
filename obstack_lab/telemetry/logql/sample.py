"""From entries to samples: unwrapping, and the labels a sample's series keeps."""

from __future__ import annotations

from collections.abc import Callable

from obstack_lab.telemetry.logql import ast, gonumber
from obstack_lab.telemetry.logql.entry import ERROR, Entry
from obstack_lab.telemetry.logql.errors import PipelineError
from obstack_lab.telemetry.logql.filters import label_stage
from obstack_lab.telemetry.logql.need import lean, needed, stages_for, trims, without_parsers
from obstack_lab.telemetry.logql.pipeline import StageFunction

FAILED = "SampleExtractionErr"
LabelSet = tuple[tuple[str, str], ...]
"""The labels of a series, sorted by name."""
_BYTES = ("bytes_over_time", "bytes_rate")


class SampleExtractor:
    """Gives the series and the value of every entry that a range aggregation counts.

    `pushed` is the grouping of a sum around it, which then needs no other labels.
    """

    def __init__(self, tree: ast.RangeAggregation, pushed: ast.Grouping | None = None) -> None:
        tree = lean(tree)
        self.unwrap = tree.range.unwrap
        self.grouping = pushed or tree.grouping
        wanted = needed(tree, self.grouping)
        if wanted is not None and not wanted:
            tree = without_parsers(tree)
        self.stages: list[StageFunction] = stages_for(tree.range.selector.stages, wanted)
        self.counts_bytes = tree.op in _BYTES
        self._trims = trims(tree)
        self._read = _reader(self.unwrap.conversion) if self.unwrap else None
        self._filters = [label_stage(item) for item in self.unwrap.filters] if self.unwrap else []

    def sample(self, entry: Entry) -> tuple[LabelSet, float] | None:
        """Return series and value, None where the line drops out, or raise its error."""
        for stage in self.stages:
            if not stage(entry):
                return None
        if self.unwrap is None:
            value = float(len(entry.line.encode())) if self.counts_bytes else 1.0
        else:
            found = self._unwrapped(entry)
            if found is None:
                return None
            value = found
        if entry.error:
            labels = entry.labels()
            raise PipelineError(labels[ERROR], entry.details, format_labels(labels))
        return self.labels(entry), value

    def _unwrapped(self, entry: Entry) -> float | None:
        assert self.unwrap is not None and self._read is not None  # noqa: S101, PT018 - the caller's
        text = entry.get(self.unwrap.label)
        if not text:
            return None
        value = 0.0
        if not entry.error:
            try:
                value = self._read(text)
            except gonumber.GoError as error:
                entry.fail(FAILED, str(error))
        for keeps in self._filters:
            if not keeps(entry):
                return None
        return value

    def labels(self, entry: Entry) -> LabelSet:
        """Return the series that an entry's sample belongs to."""
        grouping = self.grouping
        if grouping is not None and not grouping.without:
            pairs = ((name, entry.get(name)) for name in grouping.names)
            return tuple(sorted((name, value) for name, value in pairs if value is not None))
        labels = entry.labels()
        if self.unwrap is not None:
            labels.pop(self.unwrap.label, None)
        if grouping is None and not self._trims:
            return tuple(sorted(labels.items()))
        for name in grouping.names if grouping else ():
            labels.pop(name, None)
        return tuple(sorted((name, value) for name, value in labels.items() if value))


def filled(labels: LabelSet) -> LabelSet:
    """Return the labels that have a value: an empty one is as good as none."""
    return tuple(pair for pair in labels if pair[1])


def format_labels(labels: dict[str, str]) -> str:
    """Return labels as Prometheus writes them: `{a="b", c="d"}`."""
    inner = ", ".join(f"{name}={gonumber.quote(value)}" for name, value in sorted(labels.items()))
    return f"{{{inner}}}"


def _reader(conversion: str) -> Callable[[str], float]:
    if conversion in ("duration", "duration_seconds"):
        return lambda text: gonumber.parse_duration(text) / 1e9
    if conversion == "bytes":
        return lambda text: float(gonumber.parse_size(text))
    return gonumber.parse_float
