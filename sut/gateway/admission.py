"""Who is let in: limits of rate, of requests at once, and what is refused first when it is full."""

from __future__ import annotations

import contextlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sut.errors import RateLimited, Shed
from sut.gateway.bucket import Bucket
from sut.gateway.metrics import GatewayMetrics
from sut.settings import GatewaySettings
from sut.window import Clock


@dataclass(frozen=True)
class Door:
    """A route's name in the settings, and the share of all requests at once at which it closes."""

    name: str
    share: float


DOORS = {
    "/reports/daily": Door("reports", 0.5),
    "/catalogue": Door("catalogue", 0.7),
    "/products/{product_id}": Door("products", 0.7),
    "/quotes": Door("quotes", 0.85),
    "/orders/{order_id}": Door("read_orders", 0.85),
    "/orders": Door("orders", 1.0),
}
"""The public routes, the least important first."""


class Admission:
    """Decides for each request; settings are read anew each time."""

    def __init__(
        self,
        settings: Callable[[], GatewaySettings],
        metrics: GatewayMetrics,
        clock: Clock = time.monotonic,
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._buckets = {route: Bucket(clock) for route in DOORS}
        self._active: Counter[str] = Counter()
        for route in DOORS:
            metrics.rate_limited.labels(route)
            metrics.shed.labels(route)

    @contextlib.contextmanager
    def enter(self, route: str) -> Iterator[None]:
        """Hold a place while a request is served. Raise RateLimited or Shed where there is none."""
        settings = self._settings()
        self._keep_to_rate(route, settings)
        if self._is_full(route, settings):
            self._metrics.shed.labels(route).inc()
            raise Shed(f"{route} is not served now.")
        self._active[route] += 1
        try:
            yield
        finally:
            self._active[route] -= 1

    def _keep_to_rate(self, route: str, settings: GatewaySettings) -> None:
        rate = float(getattr(settings, f"rate_limit_{DOORS[route].name}"))
        if not rate:
            return
        wait = self._buckets[route].take(rate, rate * settings.rate_limit_burst)
        if wait:
            self._metrics.rate_limited.labels(route).inc()
            raise RateLimited(route, math.ceil(wait))

    def _is_full(self, route: str, settings: GatewaySettings) -> bool:
        door = DOORS[route]
        most = {
            "quotes": settings.max_active_quotes,
            "reports": settings.max_active_reports,
        }.get(door.name, 0)
        total = settings.max_active_requests
        return (
            settings.shed_route == door.name
            or 0 < most <= self._active[route]
            or 0 < total * door.share <= self._active.total()
        )
