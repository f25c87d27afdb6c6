"""The DuckDB file that holds logs and spans: one writer, many readers, nothing over the network."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import duckdb

from obstack_lab.telemetry.interrupter import Interrupter

MEGABYTE = 1_000_000
ROW_GROUP = 16_384
"""Rows that DuckDB compresses together; a checkpoint reads and writes the last group anew."""
UNASKED_SECONDS = 30.0
UNASKED_LIMIT = "8MB"
LITTLE_LOG = 2 * MEGABYTE
"""What the log holds cannot leave memory; with more of it the lower limit is not tried."""
_NAME = "telemetry"


class Tenant(Protocol):
    """A store that lives in the database: what the housekeeper asks of it.

    All of it is called from the housekeeper's thread, `flush` also from any other.
    """

    def flush(self) -> None:
        """Write what is still buffered."""

    def expire(self, before: int) -> int:
        """Drop what is older than `before` (nanoseconds since the epoch); return the rows gone."""

    def evict(self, share: float) -> int:
        """Drop the oldest `share` (0..1) of the rows; return the rows gone."""

    def figures(self) -> Mapping[str, float]:
        """Return the store's own metrics by their Prometheus names."""


class Database:
    """One DuckDB database, in a file so that a run outlives the process, or in memory for tests.

    Every thread reads through its own cursor (`cursor()`), for as long as `limited()` lets it.
    Writing goes through `writer()`, which holds the one writer lock and makes a transaction of its
    block; nothing interrupts it.
    """

    def __init__(
        self, path: Path | None = None, *, memory_megabytes: int = 100, threads: int = 2
    ) -> None:
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
        place = str(path or ":memory:").replace("'", "''")
        self.path = path
        self._limit = f"{memory_megabytes}MB"
        self.tenants: list[Tenant] = []
        self._asked = 0.0
        self._lock = threading.RLock()
        self._local = threading.local()
        self._root = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": self._limit,
                "threads": threads,
                "checkpoint_threshold": "1GB",
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
                "enable_external_access": True,
                "preserve_insertion_order": True,
            },
        )
        self._root.execute(f"ATTACH '{place}' AS {_NAME} (ROW_GROUP_SIZE {ROW_GROUP})")
        self._writing = self._connect()
        self._interrupter = Interrupter()

    def register(self, tenant: Tenant) -> None:
        """Let the housekeeper flush, expire and evict this store, and `/metrics` show it."""
        self.tenants.append(tenant)

    def apply(self, schema: Path) -> None:
        """Run a schema file; its statements must be fine to repeat."""
        with self.writer() as cursor:
            cursor.execute(schema.read_text(encoding="utf-8"))

    def cursor(self) -> Any:
        """Return the calling thread's own cursor."""
        cursor = getattr(self._local, "cursor", None)
        if cursor is None:
            cursor = self._local.cursor = self._connect()
        return cursor

    def _connect(self) -> Any:
        cursor = self._root.cursor()
        cursor.execute(f"USE {_NAME}")
        return cursor

    @contextlib.contextmanager
    def limited(self, seconds: float) -> Iterator[None]:
        """Let the block's reading take so many seconds: then `duckdb.InterruptException`.

        What the block did not read to its end is let go of: its transaction would stay open, and
        no log can be folded in while one is open that began before a column was added.
        """
        cursor = self.cursor()
        try:
            with self._interrupter.within(cursor, seconds):
                yield
        finally:
            self._asked = time.monotonic()
            with contextlib.suppress(duckdb.Error):
                cursor.rollback()

    def row(self, sql: str, parameters: Sequence[Any] = ()) -> tuple[Any, ...]:
        """Return the one row of a query that always has one; nothing of the answer stays open."""
        row: tuple[Any, ...]
        (row,) = self.cursor().execute(sql, list(parameters)).fetchall()
        return row

    @contextlib.contextmanager
    def writer(self) -> Iterator[Any]:
        """Hold the writer lock; the block is one transaction, rolled back when it raises."""
        with self._lock:
            cursor = self._writing
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                cursor.rollback()
                raise
            cursor.commit()

    def checkpoint(self) -> None:
        """Fold the write-ahead log into the file."""
        with self._lock:
            self.cursor().execute("CHECKPOINT")

    def give_back(self) -> None:
        """Have DuckDB return the pages it has freed to the kernel; takes a millisecond or two.

        It does so when its limit is set, were it to the same. Its own background threads for this
        (`allocator_background_threads`) left 30 MB more behind. Where nobody has asked for a
        while and no long log is held, a lower limit for a moment lets go of what was read too.
        """
        cursor = self.cursor()
        if time.monotonic() - self._asked > UNASKED_SECONDS and self.log_bytes() < LITTLE_LOG:
            with contextlib.suppress(duckdb.OutOfMemoryException):
                cursor.execute(f"SET memory_limit = '{UNASKED_LIMIT}'")
        cursor.execute(f"SET memory_limit = '{self._limit}'")

    def used_bytes(self) -> int:
        """Return the size of the data: the blocks in use and the log not yet folded into them."""
        if self.path is None:
            (used,) = self.row("SELECT sum(memory_usage_bytes) FROM duckdb_memory()")
            return int(used or 0)
        (used,) = self.row(
            "SELECT used_blocks * block_size FROM pragma_database_size() WHERE database_name = ?",
            [_NAME],
        )
        return int(used or 0) + self.log_bytes()

    def log_bytes(self) -> int:
        """Return the size of the write-ahead log: what is also held in memory, uncompressed."""
        return _size(self.path.with_name(self.path.name + ".wal")) if self.path else 0

    def close(self) -> None:
        """Flush every tenant and close the file."""
        for tenant in self.tenants:
            tenant.flush()
        self._interrupter.stop()
        with self._lock:
            self._root.close()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0
