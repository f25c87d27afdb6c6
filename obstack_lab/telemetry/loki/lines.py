"""Log queries: the newest (or oldest) lines that pass a pipeline.

The newest lines of all are in memory; the older ones are read slice by slice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from operator import attrgetter

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.evaluator import Deadline
from obstack_lab.telemetry.logql.pipeline import compile_stages, run
from obstack_lab.telemetry.loki.store import LogStore
from obstack_lab.telemetry.loki.stream import Stream

_FIRST_SLICE = 5_000_000_000
_GROWTH = 4
_timestamp = attrgetter("timestamp")


class LineReader:
    """Reads from the wanted end in slices of growing length, so that a limit ends it early."""

    def __init__(self, store: LogStore) -> None:
        self.store = store

    def read(
        self,
        selector: ast.Selector,
        start: int,
        end: int,
        *,
        limit: int,
        newest_first: bool = True,
        interval: int = 0,
        deadline: Deadline | None = None,
    ) -> list[Entry]:
        """Return at most `limit` entries with `start <= timestamp < end` that pass the stages.

        With an `interval`, of these the ones closer than it to the one before are left out.
        """
        stages = compile_stages(selector.stages)
        found: list[Entry] = []
        for entry in self._entries(selector, start, end, newest_first=newest_first):
            if deadline is not None:
                deadline.check()
            if run(stages, entry):
                found.append(entry)
                if len(found) >= limit:
                    break
        return spaced(found, interval)

    def _entries(
        self, selector: ast.Selector, start: int, end: int, *, newest_first: bool
    ) -> Iterator[Entry]:
        """Yield the streams' entries in order, without applying the stages."""
        streams = self.store.streams.select(selector.matchers, start, end - 1)
        if not streams:
            return
        floor, recent = self.store.recent(streams, start, end, newest_first=newest_first)
        if newest_first:
            yield from recent
        for first, beyond in self._slices(
            streams, start, min(end, floor), newest_first=newest_first
        ):
            yield from self._slice(selector, first, beyond, newest_first=newest_first)
        if not newest_first:
            yield from recent

    def _slice(
        self, selector: ast.Selector, first: int, beyond: int, *, newest_first: bool
    ) -> Iterable[Entry]:
        """Return a slice in order; a short one is sorted here, which is quicker."""
        if beyond - first <= _FIRST_SLICE:
            entries = list(self.store.scan(selector, first, beyond))
            entries.sort(key=_timestamp, reverse=newest_first)
            return entries
        return self.store.scan(selector, first, beyond, order="DESC" if newest_first else "ASC")

    @staticmethod
    def _slices(
        streams: Sequence[Stream], start: int, end: int, *, newest_first: bool
    ) -> Iterator[tuple[int, int]]:
        start = max(start, min(stream.first for stream in streams))
        end = min(end, max(stream.last for stream in streams) + 1)
        length = _FIRST_SLICE
        while start < end:
            if newest_first:
                first = max(start, end - length)
                yield first, end
                end = first
            else:
                beyond = min(end, start + length)
                yield start, beyond
                start = beyond
            length *= _GROWTH


def spaced(entries: list[Entry], interval: int) -> list[Entry]:
    """Return the entries that are at least the interval after (or before) the last one kept."""
    if interval <= 0:
        return entries
    kept: list[Entry] = []
    for entry in entries:
        if not kept or abs(entry.timestamp - kept[-1].timestamp) >= interval:
            kept.append(entry)
    return kept
