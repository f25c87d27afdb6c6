"""The streams: label sets with a number each, kept in memory and in their table."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import orjson

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.filters import text_test
from obstack_lab.telemetry.loki.record import Refused

_SERVICE_SOURCES = (
    "service", "app", "application", "app_name", "name", "app_kubernetes_io_name", "container",
    "container_name", "k8s_container_name", "component", "workload", "job", "k8s_job_name",
)  # fmt: skip


MOST_STREAMS = 10_000
"""How many streams the store keeps at a time."""


@dataclass
class Stream:
    """One stream: its labels, and the first and last time a line of it has."""

    id: int
    labels: dict[str, str]
    first: int = 1 << 62
    last: int = 0

    def reach(self, timestamp: int) -> None:
        """Count a line of this time in."""
        if timestamp > self.last:  # noqa: PLR1730 - quicker, and called for every line
            self.last = timestamp
        if timestamp < self.first:  # noqa: PLR1730 - the same
            self.first = timestamp

    def overlaps(self, start: int, end: int) -> bool:
        """Say whether it may have lines in `start <= t <= end`."""
        return self.first <= end and self.last >= start


def with_service(labels: Mapping[str, str]) -> dict[str, str]:
    """Return the labels with the `service_name` that Loki would add."""
    named = {name: value for name, value in labels.items() if value}
    if "service_name" not in named:
        named["service_name"] = next(
            (named[name] for name in _SERVICE_SOURCES if name in named), "unknown_service"
        )
    return named


class Streams:
    """The registry: labels to number and back, and the streams that matchers select."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._by_labels: dict[tuple[tuple[str, str], ...], Stream] = {}
        self._by_id: dict[int, Stream] = {}
        self._unsaved: list[Stream] = []
        self._load()

    def __len__(self) -> int:
        return len(self._by_id)

    def __getitem__(self, number: int) -> Stream:
        return self._by_id[number]

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._by_id.values()))

    def obtain(self, labels: Mapping[str, str]) -> Stream:
        """Return the stream of these labels, made where there is none."""
        key = tuple(sorted(labels.items()))
        stream = self._by_labels.get(key)
        if stream is None:
            with self._lock:
                stream = self._by_labels.get(key)
                if stream is None:
                    if len(self._by_id) >= MOST_STREAMS:
                        raise Refused(
                            f"Maximum active stream limit exceeded (limit {MOST_STREAMS}); reduce "
                            "the number of active streams (reduce labels or their values)",
                            429,
                        )
                    stream = Stream(max(self._by_id, default=0) + 1, dict(key))
                    self._by_id[stream.id] = stream
                    self._by_labels[key] = stream
                    self._unsaved.append(stream)
        return stream

    def select(
        self, matchers: tuple[ast.Matcher, ...], start: int = 0, end: int = 1 << 62
    ) -> list[Stream]:
        """Return the streams that all matchers accept and that may have lines in the time."""
        tests = [(matcher.name, text_test(matcher.op, matcher.value)) for matcher in matchers]
        return [
            stream
            for stream in list(self._by_id.values())
            if stream.overlaps(start, end)
            and all(test(stream.labels.get(name, "")) for name, test in tests)
        ]

    def take_unsaved(self) -> list[Stream]:
        """Return the streams that the table does not have yet."""
        with self._lock:
            unsaved, self._unsaved = self._unsaved, []
        return unsaved

    def forget(self, kept: Mapping[int, tuple[int, int]]) -> None:
        """Drop the streams without lines, and correct the times of the others."""
        with self._lock:
            unsaved = {stream.id for stream in self._unsaved}
            for key, stream in list(self._by_labels.items()):
                if stream.id in kept:
                    stream.first = kept[stream.id][0]
                elif stream.id not in unsaved:
                    del self._by_labels[key]
                    del self._by_id[stream.id]

    def _load(self) -> None:
        cursor = self._database.cursor()
        spans = {
            number: (first, last)
            for number, first, last in cursor.execute(
                "SELECT stream, min(ts), max(ts) FROM log_lines GROUP BY stream"
            ).fetchall()
        }
        for number, text in cursor.execute("SELECT id, labels FROM log_streams").fetchall():
            labels = orjson.loads(text)
            first, last = spans.get(number, (1 << 62, 0))
            stream = Stream(number, labels, first, last)
            self._by_id[number] = stream
            self._by_labels[tuple(sorted(labels.items()))] = stream
