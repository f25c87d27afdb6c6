"""gateway 2.3.1: lets browsers keep a page of the catalogue for a minute."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.gateway.front import open_front
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings
CATALOGUE_HEADERS = {"cache-control": "private, max-age=60"}


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    front = open_front(runtime)
    routes = gateway_routes(front, catalogue_headers=CATALOGUE_HEADERS)
    return application(runtime, routes, (front.orders,), entrance=True)
