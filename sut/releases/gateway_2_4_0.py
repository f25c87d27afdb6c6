"""gateway 2.4.0: keeps the paths of orders in one table."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.gateway.front import open_front
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings
CATALOGUE_HEADERS = {"cache-control": "private, max-age=60"}
PATHS = {
    "/catalogue": "/catalogue",
    "/products/{product_id}": "/products/{product_id}",
    "/quotes": "/quotes",
    "/orders": "/orders",
    "/orders/{order_id}": "/products/{order_id}",
    "/reports/daily": "/reports/daily",
}


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    front = open_front(runtime, paths=PATHS)
    routes = gateway_routes(front, catalogue_headers=CATALOGUE_HEADERS)
    return application(runtime, routes, (front.orders,), entrance=True)
