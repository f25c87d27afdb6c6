"""The span store: takes records, keeps them in DuckDB, gives traces back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from itertools import count
from pathlib import Path
from typing import Any

import duckdb

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.tempo.attribute_columns import AttributeColumns
from obstack_lab.telemetry.tempo.decoder import Decoder
from obstack_lab.telemetry.tempo.recent import Gone, RecentTraces
from obstack_lab.telemetry.tempo.record import Record
from obstack_lab.telemetry.traceql.span import Span, Trace

logger = logging.getLogger(__name__)

SCHEMA = Path(__file__).with_name("schema.sql")
FLUSH_ROWS = 5_000
"""A buffer of this size is written by the push that filled it."""

_LOW = 2**64 - 1
_FIXED = (
    ("trace_high", "UBIGINT"), ("trace_low", "UBIGINT"), ("span_id", "UBIGINT"),
    ("parent_id", "UBIGINT"), ("resource_id", "INTEGER"), ("scope_id", "INTEGER"),
    ("name", "VARCHAR"), ("kind", "UTINYINT"), ("status", "UTINYINT"),
    ("status_message", "VARCHAR"), ("started", "BIGINT"), ("duration", "BIGINT"),
    ("has_events", "BOOLEAN"), ("has_links", "BOOLEAN"), ("body", "VARCHAR"),
)  # fmt: skip
_ROW = ", ".join((*(name for name, _ in _FIXED), "rowid"))
_BARE_ROW = _ROW.replace("has_events, has_links, body", "false, false, NULL")


class SpanStore:
    """A tenant of the database: buffers spans and writes them in batches, reads whole traces."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.columns = AttributeColumns()
        self.decoder = Decoder()
        self.received = 0
        self.lost = 0
        self.repeated = 0
        self.owners: frozenset[int] = frozenset()
        self._buffer: list[Record] = []
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        database.apply(SCHEMA)
        self._load()
        lows = database.cursor().execute("SELECT DISTINCT trace_low FROM spans").fetchall()
        self._recent = RecentTraces(Gone(low for (low,) in lows))
        self.extent = self._extent(self.cursor())
        database.register(self)

    def _load(self) -> None:
        """Read what the tables say of columns, resources and scopes."""
        cursor = self.database.cursor()
        columns, decoder = AttributeColumns(), Decoder()
        columns.load(cursor)
        for table in ("span_resources", "span_scopes"):
            rows = cursor.execute(f"SELECT id, body FROM {table}").fetchall()  # noqa: S608 - a constant
            decoder.load(table, rows)
        self.columns, self.decoder = columns, decoder
        self.owners = self._owners(cursor)

    @staticmethod
    def _owners(cursor: Any) -> frozenset[int]:
        """Return the numbers of the resources that have spans."""
        rows = cursor.execute("SELECT DISTINCT resource_id FROM spans").fetchall()
        return frozenset(number for (number,) in rows)

    def add(self, records: list[Record]) -> None:
        """Take spans; they are seen by the next query and written within a flush interval."""
        with self._lock:
            self._buffer.extend(records)
            self.received += len(records)
            full = len(self._buffer) >= FLUSH_ROWS
        if full:
            self.flush()

    def flush(self) -> None:
        """Write what is buffered; a batch that DuckDB refuses is given up, counted and told.

        What another thread is about to write is waited for.
        """
        if not self._buffer and not self._flushing.locked():
            return
        with self._flushing:
            self._flush()

    def _flush(self) -> None:
        records: list[Record] = []
        try:
            with self.database.writer() as cursor:
                with self._lock:
                    records, self._buffer = self._buffer, []
                fresh = self._fresh(records, cursor)
                if fresh:
                    self._write(fresh, cursor)
                    self._remember(fresh)
                self.repeated += len(records) - len(fresh)
        except duckdb.Error:
            self.lost += len(records)
            self._load()
            self._recent.clear()
            logger.exception("%d spans could not be written", len(records))

    def _remember(self, records: list[Record]) -> None:
        self._recent.add(records)
        moments = [record.started for record in records]
        if self.extent is not None:
            moments += self.extent
        self.extent = min(moments), max(moments)

    @staticmethod
    def _extent(cursor: Any) -> tuple[int, int] | None:
        ((first, last),) = cursor.execute("SELECT min(started), max(started) FROM spans").fetchall()
        return None if first is None else (int(first), int(last))

    @staticmethod
    def _fresh(records: list[Record], cursor: Any) -> list[Record]:
        """Return the records without those that were sent before: an exporter tries again.

        Spans arrive about when they began, so that only the newest part of the table is read.
        """
        first: dict[tuple[int, int, int, int], Record] = {}
        for record in records:
            first.setdefault((record.trace_id, record.span_id, record.kind, record.started), record)
        if not first:
            return []
        moments = [record.started for record in first.values()]
        known = cursor.execute(
            "SELECT trace_high, trace_low, span_id, kind, started FROM spans "
            "WHERE started BETWEEN ? AND ? AND span_id IN (SELECT unnest(?::UBIGINT[]))",
            [min(moments), max(moments), [record.span_id for record in first.values()]],
        ).fetchall()
        for high, low, *rest in known:
            first.pop((high << 64 | low, *rest), None)
        return list(first.values())

    def _write(self, records: list[Record], cursor: Any) -> None:
        resources = self._known("span_resources", [r.resource for r in records], cursor)
        scopes = self._known("span_scopes", [r.scope for r in records], cursor)
        attributes = self.columns.gather([record.attributes for record in records], cursor)
        values: list[list[Any]] = [
            [r.trace_id >> 64 for r in records],
            [r.trace_id & _LOW for r in records],
            [r.span_id for r in records],
            [r.parent_id for r in records],
            resources,
            scopes,
            [r.name for r in records],
            [r.kind for r in records],
            [r.status for r in records],
            [r.status_message for r in records],
            [r.started for r in records],
            [r.duration for r in records],
            [r.has_events for r in records],
            [r.has_links for r in records],
            [r.body for r in records],
        ]
        columns = [*_FIXED, *((name, kind) for name, (kind, _) in attributes.items())]
        values += [column for _, column in attributes.values()]
        names = ", ".join(name for name, _ in columns)
        lists = ", ".join(f"unnest(?::{kind}[])" for _, kind in columns)
        cursor.execute(f"INSERT INTO spans ({names}) SELECT {lists}", values)
        self.owners |= frozenset(resources)

    def _known(self, table: str, texts: list[str], cursor: Any) -> list[int]:
        """Return the ids of resources or scopes, after keeping those that are new."""
        out = []
        for text in texts:
            number, fresh = self.decoder.number(table, text)
            if fresh:
                cursor.execute(f"INSERT INTO {table} VALUES (?, ?)", [number, text])  # noqa: S608 - a constant
            out.append(number)
        return out

    def cursor(self) -> Any:
        """Return a cursor that sees everything received so far."""
        self.flush()
        return self.database.cursor()

    def rows(self, trace_id: int) -> list[tuple[Any, ...]]:
        """Return the rows of one trace, each span once."""
        self.flush()
        records = self._recent.records((trace_id >> 64, trace_id & _LOW))
        if records:
            return distinct(self.decoder.row(*each) for each in zip(records, count(), strict=False))
        return distinct(
            self.cursor()
            .execute(
                f"SELECT {_ROW} FROM spans WHERE trace_low = ? AND trace_high = ?",  # noqa: S608 - our own names
                [trace_id & _LOW, trace_id >> 64],
            )
            .fetchall()
        )

    def traces(
        self, identities: list[tuple[int, int]], *, tree: bool = True, bodies: bool = True
    ) -> list[Trace]:
        """Return these traces (high and low half of the id), arranged, in the same order.

        Those that are not in memory are read: first the narrow column for the rows' numbers, then
        only those rows, whole or without their bodies; one transaction keeps the numbers valid.
        """
        here = {identity: self._recent.trace(identity, self._built) for identity in identities}
        lows = [low for (_, low), trace in here.items() if trace is None]
        found: dict[tuple[int, int], list[tuple[Any, ...]]] = {}
        if lows:
            for row in self._rows_of(lows, _ROW if bodies else _BARE_ROW):
                found.setdefault(row[:2], []).append(row)
        out = []
        for identity, trace in here.items():
            if trace is not None:
                out.append(trace)
            elif identity in found:
                out.append(self.trace(found[identity], tree=tree))
        return out

    def _built(self, records: list[Record]) -> Trace:
        return self.trace(self.decoder.row(*each) for each in zip(records, count(), strict=False))

    def _rows_of(self, lows: list[int], chosen: str) -> list[tuple[Any, ...]]:
        cursor = self.database.cursor()
        cursor.begin()
        try:
            numbers = [
                number
                for (number,) in cursor.execute(
                    "SELECT rowid FROM spans WHERE trace_low IN (SELECT unnest(?::UBIGINT[]))",
                    [lows],
                ).fetchall()
            ]
            if not numbers:
                return []
            rows: list[tuple[Any, ...]] = cursor.execute(
                f"SELECT {chosen} FROM spans WHERE rowid BETWEEN ? AND ? "  # noqa: S608 - our own names
                "AND rowid IN (SELECT unnest(?::BIGINT[]))",
                [min(numbers), max(numbers), numbers],
            ).fetchall()
            return rows
        finally:
            cursor.commit()

    def trace(self, rows: Iterable[tuple[Any, ...]], *, tree: bool = True) -> Trace:
        """Return the arranged trace of rows that belong together."""
        rows = distinct(rows)
        trace = Trace(f"{rows[0][0]:016x}{rows[0][1]:016x}")
        trace.spans = [self._span(trace, row) for row in rows]
        trace.arrange(tree=tree)
        return trace

    def _span(self, trace: Trace, row: tuple[Any, ...]) -> Span:
        return self.decoder.span(trace, row)

    def expire(self, before: int) -> int:
        """Drop spans that ended before this time."""
        if self.extent is None or self.extent[0] >= before:
            return 0
        gone = self._delete("started + duration < ?", before)
        if gone:
            self._recent.drop(lambda record: record.started + record.duration < before)
        return gone

    def evict(self, share: float) -> int:
        """Drop the oldest share of the spans."""
        self.flush()
        (found,) = self.database.row("SELECT quantile_cont(started, ?) FROM spans", [share])
        if found is None:
            return 0
        last = int(found)
        gone = self._delete("started <= ?", last)
        self._recent.drop(lambda record: record.started <= last)
        return gone

    def _delete(self, condition: str, value: int) -> int:
        with self.database.writer() as cursor:
            row = cursor.execute(f"DELETE FROM spans WHERE {condition}", [value]).fetchone()  # noqa: S608 - a constant
            gone = int(row[0]) if row else 0
            if gone:
                self.owners = self._owners(cursor)
                self.extent = self._extent(cursor)
        return gone

    def figures(self) -> Mapping[str, float]:
        """Return the store's metrics."""
        (stored,) = self.database.row("SELECT count(*) FROM spans")
        return {
            "telemetry_spans_received_total": self.received,
            "telemetry_spans_lost_total": self.lost,
            "telemetry_spans_repeated_total": self.repeated,
            "telemetry_spans_stored": float(stored),
        }


def distinct(rows: Iterable[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return rows in the order of their arrival, a span that was sent twice once."""
    ordered = sorted(rows, key=lambda row: int(row[-1]))
    return list({(row[2], row[7]): row for row in ordered}.values())
