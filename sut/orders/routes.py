"""The endpoints of orders."""

from __future__ import annotations

import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from prometheus_client import Counter
from starlette.responses import Response

from sut.orders.basket import Basket
from sut.orders.checkout import Checkout
from sut.orders.quoting import Quoting
from sut.orders.reading import Reading
from sut.orders.shop import Shop
from sut.purging import purge_routes
from sut.service import answer


def orders_routes(
    shop: Shop,
    checkout: Checkout,
    *,
    reading: Reading | None = None,
    quoting: Quoting | None = None,
) -> APIRouter:
    """Return all endpoints: how this release places orders, and how it reads and quotes."""
    routes = purge_routes(shop.products, shop.catalogue, telemetry=shop.telemetry)
    _add_reading(routes, reading or Reading(shop))
    _add_selling(routes, shop, checkout, quoting or Quoting(shop))
    return routes


def _add_reading(routes: APIRouter, reading: Reading) -> None:
    @routes.get("/catalogue")
    async def catalogue(page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
        return answer(await reading.catalogue(page))

    @routes.get("/products/{product_id}")
    async def product(product_id: int) -> Response:
        return answer(await reading.product(product_id))

    @routes.get("/orders/{order_id}")
    async def read_order(order_id: int) -> Response:
        return answer(await reading.order(order_id))

    @routes.get("/reports/daily")
    async def daily_report(date: dt.date | None = None) -> Response:
        return answer(await reading.daily_report(date))


def _add_selling(routes: APIRouter, shop: Shop, checkout: Checkout, quoting: Quoting) -> None:
    telemetry = shop.telemetry
    sold = Counter(
        "shop_order_lines",
        "Lines of orders; backordered: not in stock as far as we were told.",
        ("backordered",),
        registry=telemetry.metrics.registry,
    )

    @routes.post("/quotes")
    async def quote(basket: Basket) -> Response:
        return answer(await quoting.quote(basket))

    @routes.post("/orders")
    async def place_order(basket: Basket) -> Response:
        order = await checkout(shop, basket)
        for line in order.items:
            sold.labels("yes" if line.backordered else "no").inc()
        telemetry.log.info(
            "order placed",
            order_id=order.order_id,
            lines=len(order.items),
            backordered=sum(line.backordered for line in order.items),
            total_cents=order.total_cents,
        )
        return Response(order.model_dump_json(), status_code=201, media_type="application/json")
