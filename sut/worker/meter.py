"""What a worker tells of the queue and of its own work."""

from __future__ import annotations

from collections.abc import Iterable

from prometheus_client import Counter, Gauge, Histogram
from prometheus_client.metrics_core import Metric

from sut.database import Row
from sut.metrics import SECONDS, gauge
from sut.telemetry import Telemetry

WAIT_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0)


class JobMeter:
    """The instruments of a worker."""

    def __init__(self, telemetry: Telemetry) -> None:
        registry = telemetry.metrics.registry
        self.processed = Counter(
            "jobs_processed",
            "Attempts at jobs: done, to be retried, given up, or taken over by another worker.",
            ("kind", "outcome"),
            registry=registry,
        )
        self.wait_seconds = Histogram(
            "jobs_wait_seconds",
            "Time between queueing a job and its first attempt.",
            ("kind",),
            buckets=WAIT_SECONDS,
            registry=registry,
        )
        self.seconds = Histogram(
            "jobs_duration_seconds",
            "Time of one attempt.",
            ("kind",),
            buckets=SECONDS,
            registry=registry,
        )
        self.dead = Counter("dead_letters", "Jobs given up.", ("kind",), registry=registry)
        self.transitions = Counter(
            "order_transitions",
            "Changes of the status of orders.",
            ("from_status", "to_status"),
            registry=registry,
        )
        self.active = Gauge("jobs_active", "Jobs being done now.", registry=registry)
        self.most = Gauge("jobs_active_max", "Jobs done at once.", registry=registry)
        self.duplicates = Gauge(
            "confirmations_repeated",
            "Confirmations of the last five minutes that repeat another one.",
            registry=registry,
        )
        self._queued: dict[tuple[str, str], float] = {}
        self._oldest: dict[str, float] = {}
        telemetry.metrics.watch(self._measure)

    def take_backlog(self, rows: Iterable[Row]) -> None:
        """Take over what waits; what is not there any more becomes 0."""
        queued = dict.fromkeys(self._queued, 0.0)
        oldest = dict.fromkeys(self._oldest, 0.0)
        for row in rows:
            queued[row["kind"], str(row["priority"])] = float(row["queued"])
            oldest[row["kind"]] = max(oldest.get(row["kind"], 0.0), float(row["oldest"]))
        self._queued, self._oldest = queued, oldest

    def _measure(self) -> Iterable[Metric]:
        queued = [
            ({"kind": kind, "priority": priority}, count)
            for (kind, priority), count in self._queued.items()
        ]
        oldest = [({"kind": kind}, age) for kind, age in self._oldest.items()]
        yield gauge("jobs_queued", "Jobs that wait.", queued)
        yield gauge("jobs_oldest_age_seconds", "Age of the oldest unfinished job.", oldest)
