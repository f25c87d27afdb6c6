"""orders 1.7.0: a product's page tells how much there is of what is bought together with it."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response
from starlette.types import ASGIApp

from sut.errors import NotFound, UpstreamError
from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.orders.stock import inventory_limits
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, answer, application
from sut.settings import OrdersSettings
from sut.upstream import Upstream

SETTINGS = OrdersSettings
MOST_RELATED = 60
MOST_HOPS = 8
HOPS = "x-hops"
PAGE = "/products/{product_id}"


class TogetherReading(Reading):
    """Asks for a product and what is bought with it in one call; else for the product's page."""

    def __init__(self, shop: Shop, pages: Upstream) -> None:
        super().__init__(shop)
        self._pages = pages

    async def product_after(self, product_id: int, hops: int) -> dict[str, Any]:
        """Return the page; `hops` counts the pages that have led to this one."""
        found = await self.read_product(product_id)
        async with self.shop.database.session() as session:
            rows = await session.all(
                self.shop.queries["bought_together"], product_id=product_id, limit=MOST_RELATED
            )
        together = [row["product_id"] for row in rows]
        try:
            available = await self.shop.stock.of([product_id, *together])
        except UpstreamError:
            if hops >= MOST_HOPS:
                raise
            return await self._page(product_id, hops + 1)
        return {**found, "available": available.get(product_id, 0), "bought_together": together}

    async def _page(self, product_id: int, hops: int) -> dict[str, Any]:
        path = PAGE.format(product_id=product_id)
        answered = await self._pages.call("GET", path, route=PAGE, headers={HOPS: str(hops)})
        if answered.status == NotFound.status:
            raise NotFound(f"There is no product {product_id}.")
        if answered.status >= UpstreamError.status:
            raise UpstreamError("orders", f"the product's page answered {answered.status}")
        page: dict[str, Any] = orjson.loads(answered.body)
        return page


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop, environment = open_shop(runtime), runtime.environment
    pages = Upstream(
        "orders",
        f"http://{environment.host}:{environment.port}",
        telemetry=runtime.telemetry,
        limits=inventory_limits(runtime),
    )
    reading = TogetherReading(shop, pages)
    routes = APIRouter()

    @routes.get(PAGE)
    async def product(request: Request, product_id: int) -> Response:
        hops = request.headers.get(HOPS, "0")
        return answer(await reading.product_after(product_id, int(hops) if hops.isdigit() else 0))

    routes.include_router(orders_routes(shop, place_order, reading=reading))
    return application(runtime, routes, (*shop.parts, pages))
