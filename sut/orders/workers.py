"""Who computes quotes: a bounded number of workers, and a queue in front of them."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable

from prometheus_client import Histogram
from prometheus_client.metrics_core import Metric

from sut.errors import QuotesBusy
from sut.metrics import SECONDS, gauge
from sut.settings import OrdersSettings
from sut.slots import Slots
from sut.telemetry import Telemetry


class QuoteWorkers:
    """Who computes quotes: at most so many at once, the others wait in turn."""

    def __init__(self, telemetry: Telemetry, settings: Callable[[], OrdersSettings]) -> None:
        self._settings = settings
        self._telemetry = telemetry
        self._slots = Slots(settings().quote_workers)
        self._wait_seconds = Histogram(
            "quote_queue_wait_seconds",
            "Time a quote waited for a worker.",
            buckets=(0.0005, *SECONDS),
            registry=telemetry.metrics.registry,
        )
        telemetry.metrics.watch(self._measure)

    async def open(self) -> None:
        """Be ready: workers are threads that start when they are needed."""

    async def apply(self) -> None:
        """Take over a changed number of workers."""
        self._slots.resize(self._settings().quote_workers)

    async def ready(self) -> str:
        """Return `''`: a long queue is a queue that moves."""
        return ""

    async def close(self) -> None:
        """Let the threads end with their work."""

    @contextlib.asynccontextmanager
    async def worker(self) -> AsyncIterator[None]:
        """Hold a worker. Raise QuotesBusy where too many wait already."""
        most = self._settings().quote_max_waiting
        if most and self._slots.waiting >= most:
            self._telemetry.log.error(
                "quote queue full", workers=self._slots.size, waiting=self._slots.waiting
            )
            raise QuotesBusy("Too many quotes wait for a worker.")
        started = time.perf_counter()
        await self._slots.take()
        self._wait_seconds.observe(time.perf_counter() - started)
        try:
            yield
        finally:
            self._slots.give_back()

    def _measure(self) -> Iterable[Metric]:
        slots = self._slots
        yield gauge("quote_workers_busy", "Quotes being computed.", [({}, float(slots.taken))])
        yield gauge("quote_workers_max", "Quotes computed at once.", [({}, float(slots.size))])
        yield gauge("quote_queue_length", "Quotes that wait.", [({}, float(slots.waiting))])
