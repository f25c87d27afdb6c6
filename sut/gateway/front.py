"""What all public routes share: letting a request in, looking at it, passing it on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from fastapi import Request
from starlette.responses import Response

from sut.gateway.admission import Admission
from sut.gateway.metrics import GatewayMetrics
from sut.gateway.orders import Orders, open_orders
from sut.service import Runtime
from sut.settings import GatewaySettings

Look = Callable[[Request], None]


def _pass(_: Request) -> None:
    """Look at nothing."""


@dataclass(frozen=True)
class Front:
    """The gateway's front side."""

    orders: Orders
    admission: Admission
    settings: Callable[[], GatewaySettings]
    look: Look = _pass
    """Sees every request that is let in; raises a ShopError where it must not go on."""
    paths: Mapping[str, str] = field(default_factory=dict)
    """Routes whose path at orders is another one: a template with the same parameters."""

    async def answer(
        self, request: Request, route: str, headers: Mapping[str, str] | None = None
    ) -> Response:
        """Send the request on and answer what comes back, with these headers added.

        Statuses of orders pass unchanged. Where it does not answer the error is the gateway's
        own: 502 connection lost, 503 no free connection or an open breaker, 504 timeout. Who is
        not let in gets 429 or 503.
        """
        with self.admission.enter(route):
            self.look(request)
            body, sent = None, {}
            if request.method == "POST":
                body = await request.body()
                sent["content-type"] = request.headers.get("content-type", "application/json")
            answered = await self.orders.call(
                request.method, self._path(request, route), route=route, body=body, headers=sent
            )
        return Response(
            answered.body,
            status_code=answered.status,
            media_type=answered.content_type,
            headers=dict(headers or {}),
        )

    def _path(self, request: Request, route: str) -> str:
        path = request.url.path
        if route in self.paths:
            path = self.paths[route].format(**request.path_params)
        return f"{path}?{query}" if (query := request.url.query) else path


def open_front(
    runtime: Runtime[GatewaySettings],
    *,
    look: Look = _pass,
    paths: Mapping[str, str] | None = None,
) -> Front:
    """Return the gateway's front side, not opened yet."""
    config = runtime.config
    metrics = GatewayMetrics(runtime.telemetry.metrics.registry)
    return Front(
        orders=open_orders(runtime, metrics),
        admission=Admission(lambda: config.current, metrics),
        settings=lambda: config.current,
        look=look,
        paths=paths or {},
    )
