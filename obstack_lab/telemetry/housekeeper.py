"""The thread that flushes buffers, lets old data go and keeps the store under its ceiling."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.heap import give_back

logger = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
SWEEP_SECONDS = 5.0
LOG_MEGABYTES = 4.0
"""The write-ahead log is folded in at this size: it is held in memory and replayed at a start."""
EVICTED_SHARE = 0.2
"""How much of the oldest data goes at once when the ceiling is reached."""


@dataclass(frozen=True)
class Retention:
    """How long and how much the store keeps; None is for ever, and without a ceiling."""

    seconds: float | None = 24 * 3600.0
    megabytes: float | None = 600.0


class Housekeeper:
    """Flushes every second, sweeps every 5 s; `sweep()` may be called by hand in tests."""

    def __init__(
        self,
        database: Database,
        retention: Retention,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.database = database
        self.retention = retention
        self.evictions = 0
        self.evicted_rows = 0
        self.expired_rows = 0
        self.last_error: str = ""
        self._clock = clock
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin to work in the background."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is buffered is written by `Database.close`."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(timeout=5)

    def sweep(self) -> None:
        """Drop what is too old, fold a long log in, keep the store under its ceiling."""
        if self.retention.seconds is not None:
            before = int((self._clock() - self.retention.seconds) * 1e9)
            self.expired_rows += sum(tenant.expire(before) for tenant in self.database.tenants)
        if self.database.log_bytes() > LOG_MEGABYTES * 1e6:
            self.database.checkpoint()
        ceiling = self.retention.megabytes
        if ceiling is None or self.database.used_bytes() <= ceiling * 1e6:
            return
        self.database.checkpoint()
        if self.database.used_bytes() <= ceiling * 1e6:
            return
        self.evicted_rows += sum(tenant.evict(EVICTED_SHARE) for tenant in self.database.tenants)
        self.evictions += 1
        self.database.checkpoint()

    def _run(self) -> None:
        swept = time.monotonic()
        while not self._stop.wait(FLUSH_SECONDS):
            try:
                for tenant in self.database.tenants:
                    tenant.flush()
                if time.monotonic() - swept >= SWEEP_SECONDS:
                    self.sweep()
                    self.database.give_back()
                    give_back()
                    swept = time.monotonic()
                self.last_error = ""
            except Exception as error:  # noqa: BLE001 - the loop must go on; `/metrics` shows it
                told, self.last_error = self.last_error, f"{type(error).__name__}: {error}"
                if self.last_error != told:
                    logger.warning("The store's housekeeping failed: %s", self.last_error)
