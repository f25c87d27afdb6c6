"""The network between services: a proxy that can misbehave, and the standing topology."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.wired_unit import WiredUnit

ZONE_LATENCY_MS = 40
"""Inventory is in another zone: a real property of the healthy system, each way."""


@dataclass(frozen=True)
class Route:
    """A way from one component to another, and how long it is."""

    name: str
    upstream: str
    latency_ms: int = 0


ROUTES = (
    Route("gateway-orders", "orders"),
    Route("orders-inventory", "inventory", ZONE_LATENCY_MS),
    Route("orders-postgres", "postgres"),
    Route("inventory-postgres", "postgres"),
)
"""Inventory's own database is near it: its way there is short."""


class Edge(WiredUnit):
    """The TCP proxy through which services reach each other and the database."""

    module = "sut.edge"

    def __init__(self, place: Place) -> None:
        super().__init__("edge", "edge", place)
        self._upstreams: dict[str, tuple[str, ...]] = {}

    def listen_port(self, route: str) -> int:
        """Return the port at which a route listens."""
        return self._place.ports.of(f"edge:{route}")

    def lead(self, component: str, addresses: Iterable[str]) -> None:
        """Let the routes to a component end at these addresses (`HOST:PORT`)."""
        self._upstreams[component] = tuple(addresses)
        if self._wire is not None:
            for route in ROUTES:
                if route.upstream == component:
                    self._open(route)

    def _begin(self) -> None:
        super()._begin()
        for route in ROUTES:
            if self._upstreams.get(route.upstream):
                self._open(route)

    def _open(self, route: Route) -> None:
        """Open a route; with no instance left it leads to where the last one was: refused."""
        addresses = self._upstreams[route.upstream]
        if addresses:
            self.ask(
                {
                    "op": "route",
                    "name": route.name,
                    "listen": self.listen_port(route.name),
                    "upstream": addresses[0],
                    "upstreams": list(addresses),
                    "latency_ms": route.latency_ms,
                }
            )
