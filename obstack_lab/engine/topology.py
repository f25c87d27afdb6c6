"""The ways between components: which there are in a stack, and how long each is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from obstack_lab.engine.interface import ComponentKind, Stack

ZONE_LATENCY_MS = 40
"""Inventory is in another zone: a real property of the healthy system, each way."""


@dataclass(frozen=True)
class Route:
    """A way from a client to an upstream; its HTTP can be balanced by request."""

    name: str
    client: str
    upstream: str
    latency_ms: int = 0
    http: bool = False


ROUTES = (
    Route("gateway-orders", "gateway", "orders", http=True),
    Route("orders-inventory", "orders", "inventory", ZONE_LATENCY_MS, http=True),
    Route("orders-postgres", "orders", "postgres"),
    Route("inventory-postgres", "inventory", "postgres"),
    Route("orders-payments", "orders", "payments"),
    Route("worker-postgres", "worker", "postgres"),
    Route("worker-payments", "worker", "payments"),
    Route("services-telemetry", "services", "telemetry", http=True),
)
"""Inventory's own database is near it: its way there is short. What goes to payments is TLS."""
INSTRUMENTS = {"exporter": "1.0.0"}
"""What watches every stack from beside it, and its release; forked as services are."""
_ALWAYS_THERE = frozenset({"postgres", "services", "telemetry"})


def kind_of(service: str) -> ComponentKind:
    """Return what kind of component a forked process is."""
    return "metrics" if service in INSTRUMENTS else "service"


def watched(stack: Stack) -> Stack:
    """Return the stack with what watches it."""
    return replace(stack, services={**stack.services, **INSTRUMENTS})


def routes_between(services: Collection[str]) -> tuple[Route, ...]:
    """Return the routes of a stack of these services: those with both ends in it."""
    there = _ALWAYS_THERE.union(services)
    return tuple(route for route in ROUTES if {route.client, route.upstream} <= there)
