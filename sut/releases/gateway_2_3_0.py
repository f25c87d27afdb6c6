"""gateway 2.3.0."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.gateway.forward import orders_upstream
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    orders = orders_upstream(runtime)
    return application(runtime, gateway_routes(orders, catalogue_headers={}), (orders,))
