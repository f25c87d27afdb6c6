"""The log store: buffers what comes in, writes it to DuckDB, and gives lines to the evaluator."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.loki import level
from obstack_lab.telemetry.loki.recent import Recent, Row
from obstack_lab.telemetry.loki.record import Batch
from obstack_lab.telemetry.loki.shape import shape_of
from obstack_lab.telemetry.loki.sqlfilter import line_conditions
from obstack_lab.telemetry.loki.stream import Stream, Streams, with_service

SCHEMA = Path(__file__).with_name("schema.sql")
FLUSH_ROWS = 4096
_REMEMBERED = 16_384
"""So many of the newest lines are known again at least, twice as many at most."""
_INSERT = (
    "INSERT INTO log_lines SELECT unnest($1::BIGINT[]), unnest($2::INTEGER[]), "
    "unnest($3::VARCHAR[]), unnest($4::VARCHAR[]), unnest($5::VARCHAR[]), unnest($6::UTINYINT[])"
)
Listener = Callable[[Sequence[tuple[Stream, int, str, Mapping[str, str]]]], None]


class LogStore:
    """Lines by stream; a line is found by queries as soon as `append` has returned."""

    def __init__(self, database: Database) -> None:
        self.database = database
        database.apply(SCHEMA)
        self.streams = Streams(database)
        self.received = 0
        self.repeated = 0
        self.listeners: list[Listener] = []
        self._buffer: list[Row] = []
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._seen: set[int] = set()
        self._seen_before: set[int] = set()
        self._recent = Recent(max((stream.last + 1 for stream in self.streams), default=0))

    def append(self, batches: Iterable[Batch]) -> int:
        """Take the batches in; return how many lines were new.

        A line that repeats stream, time and text of a recent one is dropped, as Loki does.
        """
        rows: list[Row] = []
        told: list[tuple[Stream, int, str, Mapping[str, str]]] = []
        for batch in batches:
            stream = self.streams.obtain(with_service(batch.labels))
            told_by_labels = level.named(stream.labels)
            for timestamp, line, meta in batch.records:
                if meta:
                    detected = meta.get(level.LABEL) or level.named(meta)
                    text = orjson.dumps(meta).decode()
                else:
                    detected, text = "", None
                detected = detected or told_by_labels or level.detect(line, meta)
                rows.append((timestamp, stream.id, line, detected, text, shape_of(line)))
                if self.listeners:
                    told.append((stream, timestamp, line, {**meta, level.LABEL: detected}))
        fresh = self._remember(rows)
        for listener in tuple(self.listeners):
            listener(told)
        if fresh >= FLUSH_ROWS or len(self._buffer) >= FLUSH_ROWS:
            self.flush()
        return fresh

    def _remember(self, rows: list[Row]) -> int:
        fresh = 0
        with self._lock:
            for row in rows:
                key = hash(row[:3])
                if key in self._seen or key in self._seen_before:
                    self.repeated += 1
                    continue
                self._seen.add(key)
                if len(self._seen) >= _REMEMBERED:
                    self._seen_before, self._seen = self._seen, set()
                fresh += 1
                self._buffer.append(row)
                self._recent.add(row)
                self.streams[row[1]].reach(row[0])
            self.received += fresh
        return fresh

    def flush(self) -> None:
        """Write what is buffered; what another thread is about to write is waited for."""
        if not self._buffer and not self._flushing.locked():
            return
        with self._flushing:
            with self._lock:
                rows, self._buffer = self._buffer, []
            if not rows:
                return
            unsaved = self.streams.take_unsaved()
            with self.database.writer() as cursor:
                if unsaved:
                    cursor.execute(
                        "INSERT INTO log_streams SELECT unnest($1::INTEGER[]), "
                        "unnest($2::VARCHAR[])",
                        [
                            [stream.id for stream in unsaved],
                            [orjson.dumps(stream.labels).decode() for stream in unsaved],
                        ],
                    )
                cursor.execute(_INSERT, [list(column) for column in zip(*rows, strict=True)])

    def select(self, sql: str, parameters: Sequence[Any]) -> Any:
        """Run a query on what has been received so far; return its cursor."""
        self.flush()
        return self.database.cursor().execute(sql, list(parameters))

    def entries(self, selector: ast.Selector, after: int, until: int) -> Iterator[Entry]:
        """Yield the matching streams' entries with `after < timestamp <= until`."""
        return self.scan(selector, after + 1, until + 1)

    def scan(
        self, selector: ast.Selector, start: int, end: int, *, order: str = ""
    ) -> Iterator[Entry]:
        """Yield entries with `start <= timestamp < end`; `order` is `ASC`, `DESC` or any."""
        streams = self.streams.select(selector.matchers, start, end - 1)
        if not streams:
            return
        conditions, parameters = line_conditions(selector.stages)
        where = " AND ".join(
            ["ts >= ? AND ts < ?", stream_condition(streams, len(self.streams)), *conditions]
        )
        ordering = f" ORDER BY ts {order}, rowid" if order else ""
        cursor = self.select(
            f"SELECT ts, stream, line, level, meta FROM log_lines WHERE {where}{ordering}",  # noqa: S608 - values are bound
            [start, end, *parameters],
        )
        labels = {stream.id: stream.labels for stream in streams}
        while rows := cursor.fetchmany(4096):
            for timestamp, number, line, detected, meta in rows:
                yield Entry(timestamp, line, labels[number], metadata(detected, meta))

    def recent(
        self, streams: Sequence[Stream], start: int, end: int, *, newest_first: bool
    ) -> tuple[int, Iterator[Entry]]:
        """Return a time, and in order the entries of these streams from that time on.

        Those with `start <= timestamp < end` that are older are in the database alone.
        """
        with self._lock:
            floor = self._recent.floor
            rows = self._recent.lines(
                [stream.id for stream in streams], start, end, newest_first=newest_first
            )
        labels = {stream.id: stream.labels for stream in streams}
        return floor, (
            Entry(timestamp, line, labels[number], metadata(detected, meta))
            for timestamp, number, line, detected, meta, _ in rows
        )

    def expire(self, before: int) -> int:
        """Drop the lines older than `before`."""
        if all(stream.first >= before for stream in self.streams):
            return 0
        self.flush()
        with self._lock:
            self._recent.drop(before)
        with self.database.writer() as cursor:
            gone = cursor.execute("DELETE FROM log_lines WHERE ts < ?", [before]).fetchone()[0]
        if gone:
            self._forget()
        return int(gone)

    def evict(self, share: float) -> int:
        """Drop the oldest share of the lines."""
        self.flush()
        (last,) = self.database.row("SELECT quantile_disc(ts, ?) FROM log_lines", [share])
        return 0 if last is None else self.expire(int(last) + 1)

    def figures(self) -> Mapping[str, float]:
        """Return the store's metrics."""
        return {
            "telemetry_log_lines_received_total": self.received,
            "telemetry_log_lines_repeated_total": self.repeated,
            "telemetry_log_streams": len(self.streams),
        }

    def _forget(self) -> None:
        spans = {
            number: (first, last)
            for number, first, last in self.select(
                "SELECT stream, min(ts), max(ts) FROM log_lines GROUP BY stream", []
            ).fetchall()
        }
        self.streams.forget(spans)
        with self.database.writer() as cursor:
            cursor.execute(
                "DELETE FROM log_streams WHERE id NOT IN (SELECT DISTINCT stream FROM log_lines)"
            )


def stream_condition(streams: Sequence[Stream], of: int) -> str:
    """Return the SQL that keeps these streams' lines; nothing to test where it is all of them."""
    if len(streams) == of:
        return "true"
    return f"stream IN ({','.join(str(stream.id) for stream in streams)})"


def metadata(detected: str | None, meta: str | None) -> Mapping[str, str]:
    """Return a line's metadata with its detected level."""
    if not meta:
        return _level_alone(detected)
    found: dict[str, str] = orjson.loads(meta)
    if detected:
        found[level.LABEL] = detected
    return found


@functools.lru_cache(maxsize=64)
def _level_alone(detected: str | None) -> Mapping[str, str]:
    return {level.LABEL: detected} if detected else {}
