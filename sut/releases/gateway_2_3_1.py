"""gateway 2.3.1: lets browsers keep a page of the catalogue for a minute."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.gateway.forward import orders_upstream
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings
CATALOGUE_HEADERS = {"cache-control": "private, max-age=60"}


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    orders = orders_upstream(runtime)
    routes = gateway_routes(orders, catalogue_headers=CATALOGUE_HEADERS)
    return application(runtime, routes, (orders,))
