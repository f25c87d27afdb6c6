"""gateway 2.6.0: asks for the next product too, so that its page is warm when it is turned to."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

from fastapi import Request
from starlette.types import ASGIApp

from sut.gateway.front import open_front
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings
CATALOGUE_HEADERS = {"cache-control": "private, max-age=60"}
WARM_SECONDS = 1.0


def warm(orders_url: str, product_id: int) -> None:
    """Ask orders for a product's page; what comes back, or does not, is nobody's business here."""
    address = urlsplit(orders_url)
    connection = http.client.HTTPConnection(
        address.hostname or "", address.port, timeout=WARM_SECONDS
    )
    try:
        connection.request("GET", f"/products/{product_id}")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException):
        return
    finally:
        connection.close()


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    orders_url = runtime.environment.orders_url

    def look(request: Request) -> None:
        if "product_id" in request.path_params:
            warm(orders_url, int(request.path_params["product_id"]) + 1)

    front = open_front(runtime, look=look)
    routes = gateway_routes(front, catalogue_headers=CATALOGUE_HEADERS)
    return application(runtime, routes, (front.orders,), entrance=True)
