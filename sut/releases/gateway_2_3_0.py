"""gateway 2.3.0."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.gateway.front import open_front
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    front = open_front(runtime)
    return application(
        runtime, gateway_routes(front, catalogue_headers={}), (front.orders,), entrance=True
    )
