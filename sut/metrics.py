"""The metrics of a service, in OpenTelemetry's names in Prometheus spelling."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sut.exposition import Exposition

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 5.0, 10.0)
QUERY_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """Every instrument of a service, on a registry of its own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no annotation
        self.registry = CollectorRegistry()
        self._exposition = Exposition(self.registry)
        ProcessCollector(registry=self.registry)
        self.request_seconds = Histogram(
            "http_server_request_duration_seconds",
            "Time from a request's first byte to the end of its answer.",
            ("http_route", "http_request_method", "http_response_status_code"),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.active_requests = Gauge(
            "http_server_active_requests",
            "Requests being served now.",
            ("http_request_method",),
            registry=self.registry,
        )
        self.client_seconds = Histogram(
            "http_client_request_duration_seconds",
            "Time of a call to another service; the status is empty where none came.",
            (
                "server_address",
                "http_request_method",
                "http_response_status_code",
                "error_type",
            ),
            buckets=SECONDS,
            registry=self.registry,
        )
        self.client_connections = Gauge(
            "http_client_open_connections",
            "Connections to another service.",
            ("server_address", "http_connection_state"),
            registry=self.registry,
        )
        self.client_connection_max = Gauge(
            "http_client_connection_max",
            "Connections to another service that may be open.",
            ("server_address",),
            registry=self.registry,
        )
        self.loop_lag = Gauge(
            "event_loop_lag_seconds",
            "Greatest time that a timer of the last two seconds was late.",
            registry=self.registry,
        )
        pool = ("db_client_connection_pool_name",)
        self.db_wait_seconds = Histogram(
            "db_client_connection_wait_time_seconds",
            "Time a request waited for a connection from the pool.",
            pool,
            buckets=(0.0005, *SECONDS),
            registry=self.registry,
        )
        self.db_use_seconds = Histogram(
            "db_client_connection_use_time_seconds",
            "Time between taking a connection and giving it back.",
            pool,
            buckets=SECONDS,
            registry=self.registry,
        )
        self.db_timeouts = Counter(
            "db_client_connection_timeouts",
            "Requests that got no connection within the pool's timeout.",
            pool,
            registry=self.registry,
        )
        self.db_rejections = Counter(
            "db_client_connection_rejections",
            "Requests that found the pool's queue full.",
            pool,
            registry=self.registry,
        )
        self.db_operation_seconds = Histogram(
            "db_client_operation_duration_seconds",
            "Time of a database query.",
            ("db_operation_name", "db_collection_name", "error_type"),
            buckets=QUERY_SECONDS,
            registry=self.registry,
        )

    def watch(self, read: Callable[[], Iterable[Metric]]) -> None:
        """Add metrics whose values are read when they are scraped."""
        self.registry.register(_Watch(read))

    def expose(self, accept: str) -> tuple[bytes, str]:
        """Return the exposition in the best format the client accepts, and its content type."""
        return self._exposition.text(accept)


class _Watch(Collector):
    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        return self._read()

    def describe(self) -> Iterable[Metric]:
        return ()


def gauge(name: str, help_text: str, values: Iterable[tuple[dict[str, str], float]]) -> Metric:
    """Return a gauge with these labelled values."""
    family = GaugeMetricFamily(name, help_text)
    for labels, value in values:
        family.add_sample(name, labels, value)
    return family


def counter(name: str, help_text: str, value: float) -> Metric:
    """Return a counter without labels."""
    return CounterMetricFamily(name, help_text, value=value)
