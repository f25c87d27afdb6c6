"""gateway 2.5.0: looks for statements and calls hidden among the words of a query string."""

from __future__ import annotations

import re
from urllib.parse import unquote_plus

from fastapi import Request
from starlette.types import ASGIApp

from sut.errors import ShopError
from sut.gateway.front import open_front
from sut.gateway.routes import gateway_routes
from sut.service import Runtime, application
from sut.settings import GatewaySettings

SETTINGS = GatewaySettings
CATALOGUE_HEADERS = {"cache-control": "private, max-age=60"}
HIDDEN = re.compile(r"(?:.*\s)+.*[=(].*;")


class NotAllowed(ShopError):
    """A query string holds what no user types."""

    status = 403


def build(runtime: Runtime[GatewaySettings]) -> ASGIApp:
    """Return the gateway."""
    config = runtime.config

    def look(request: Request) -> None:
        if config.current.query_filter == "on" and HIDDEN.search(unquote_plus(request.url.query)):
            raise NotAllowed("The query string is not allowed.")

    front = open_front(runtime, look=look)
    routes = gateway_routes(front, catalogue_headers=CATALOGUE_HEADERS)
    return application(runtime, routes, (front.orders,), entrance=True)
