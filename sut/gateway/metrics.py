"""What the gateway counts besides what every service does."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge

from sut.breaker import State

BREAKER_STATES: dict[State, int] = {"closed": 0, "half-open": 1, "open": 2}
UPSTREAM = ("server_address",)
ROUTE = ("http_route",)


class GatewayMetrics:
    """The gateway's own instruments."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.retries = Counter(
            "gateway_retries",
            "Attempts after the first one.",
            UPSTREAM,
            registry=registry,
        )
        self.retries_denied = Counter(
            "gateway_retries_denied",
            "Retries that were not made because the budget was spent.",
            UPSTREAM,
            registry=registry,
        )
        self.breaker_state = Gauge(
            "gateway_circuit_breaker_state",
            "0: closed, calls pass; 1: half-open, some do; 2: open, none does.",
            UPSTREAM,
            registry=registry,
        )
        self.breaker_rejections = Counter(
            "gateway_circuit_breaker_rejections",
            "Calls that an open circuit breaker did not let through.",
            UPSTREAM,
            registry=registry,
        )
        self.rate_limited = Counter(
            "gateway_rate_limited",
            "Requests over the limit of their route.",
            ROUTE,
            registry=registry,
        )
        self.shed = Counter(
            "gateway_shed",
            "Requests refused to keep room for what matters more.",
            ROUTE,
            registry=registry,
        )
