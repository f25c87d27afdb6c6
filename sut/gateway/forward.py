"""Passing a request on to another service, and what its failures look like from outside."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request
from starlette.responses import Response

from sut.service import Runtime
from sut.settings import GatewaySettings
from sut.upstream import Limits, Upstream


def orders_upstream(runtime: Runtime[GatewaySettings]) -> Upstream:
    """Return the client of orders with the gateway's limits."""
    environment, config = runtime.environment, runtime.config

    def limits() -> Limits:
        settings = config.current
        return Limits(
            timeout=settings.orders_timeout,
            connections=settings.orders_max_connections,
            connection_timeout=settings.orders_connection_timeout,
        )

    url = environment.require("ORDERS_URL", environment.orders_url)
    return Upstream("orders", url, telemetry=runtime.telemetry, limits=limits)


async def forward(
    upstream: Upstream, request: Request, route: str, headers: Mapping[str, str] | None = None
) -> Response:
    """Send the request on and answer what comes back, with these headers added.

    Statuses of the other service pass unchanged. Where it does not answer the error is the
    gateway's own: 502 connection lost, 503 no free connection, 504 timeout.
    """
    query = request.url.query
    path = f"{request.url.path}?{query}" if query else request.url.path
    body, sent = None, {}
    if request.method == "POST":
        body = await request.body()
        sent["content-type"] = request.headers.get("content-type", "application/json")
    answered = await upstream.call(request.method, path, route=route, body=body, headers=sent)
    return Response(
        answered.body,
        status_code=answered.status,
        media_type=answered.content_type,
        headers=dict(headers or {}),
    )
