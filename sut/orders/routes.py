"""The endpoints of orders."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from sut.errors import NotFound
from sut.orders.basket import Basket
from sut.orders.checkout import Checkout
from sut.orders.pricing import PricedLine, process_business_data
from sut.orders.shop import Shop
from sut.service import answer

PAGE_SIZE = 20


def orders_routes(shop: Shop, checkout: Checkout) -> APIRouter:
    """Return all endpoints; `checkout` is how this release places orders."""
    routes = APIRouter()
    _add_reading(routes, shop)
    _add_selling(routes, shop, checkout)
    return routes


def _add_reading(routes: APIRouter, shop: Shop) -> None:
    queries = shop.queries

    @routes.get("/catalogue")
    async def catalogue(page: Annotated[int, Query(ge=1, le=10_000)] = 1) -> Response:
        async with shop.database.session() as session:
            products = await session.all(
                queries["catalogue"], limit=PAGE_SIZE, after=(page - 1) * PAGE_SIZE
            )
        return answer({"page": page, "page_size": PAGE_SIZE, "products": products})

    @routes.get("/products/{product_id}")
    async def product(product_id: int) -> Response:
        async with shop.database.session() as session:
            found = await session.one(queries["product"], product_id=product_id)
        if found is None:
            raise NotFound(f"There is no product {product_id}.")
        available = await shop.stock.of([product_id])
        return answer({**found, "available": available.get(product_id, 0)})

    @routes.get("/orders/{order_id}")
    async def read_order(order_id: int) -> Response:
        async with shop.database.session() as session:
            found = await session.one(queries["order"], order_id=order_id)
        if found is None:
            raise NotFound(f"There is no order {order_id}.")
        return answer(found)

    @routes.get("/reports/daily")
    async def daily_report(date: dt.date | None = None) -> Response:
        async with shop.database.session() as session:
            rows = await session.all(queries["daily_report"], date=date)
        day = date.isoformat() if date else "yesterday"
        return answer({"date": day, "categories": rows})


def _add_selling(routes: APIRouter, shop: Shop, checkout: Checkout) -> None:
    queries, telemetry = shop.queries, shop.telemetry

    @routes.post("/quotes")
    async def quote(basket: Basket) -> Response:
        async with shop.database.session() as session:
            rows = await session.all(queries["quote_basis"], product_ids=basket.product_ids)
            customer = await session.one(queries["customer"], customer_id=basket.customer_id)
        known = {row["product_id"]: row for row in rows}
        if missing := [product for product in basket.product_ids if product not in known]:
            raise NotFound(f"There is no product {missing[0]}.")
        if customer is None:
            raise NotFound(f"There is no customer {basket.customer_id}.")
        lines = tuple(
            PricedLine(line.product_id, line.quantity, row["price_cents"], row["daily_demand"])
            for line in basket.items
            for row in [known[line.product_id]]
        )
        with telemetry.tracer.start_as_current_span(
            "process_business_data", attributes={"shop.quote.lines": len(lines)}
        ):
            quoted = await asyncio.to_thread(process_business_data, lines, customer["tier"])
        return answer(quoted)

    @routes.post("/orders")
    async def place_order(basket: Basket) -> Response:
        order = await checkout(shop, basket)
        telemetry.log.info(
            "order placed",
            order_id=order.order_id,
            lines=len(order.items),
            backordered=sum(line.backordered for line in order.items),
            total_cents=order.total_cents,
        )
        return Response(order.model_dump_json(), status_code=201, media_type="application/json")
