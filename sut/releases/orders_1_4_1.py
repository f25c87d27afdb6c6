"""orders 1.4.1: stores the items of an order one by one."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.orders.basket import Basket, PlacedOrder
from sut.orders.checkout import (
    authorize,
    leave_work,
    open_order,
    placed,
    promise_lines,
    read_prices,
)
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings


async def place_order(shop: Shop, basket: Basket) -> PlacedOrder:
    """Ask inventory, then store the order."""
    available = await shop.stock.of(basket.product_ids)
    charge = await authorize(shop, basket)
    async with shop.database.session() as session, session.transaction():
        prices = await read_prices(shop, session, basket)
        order_id = await open_order(shop, session, basket, prices)
        lines = promise_lines(basket, prices, available, {})
        for number, line in enumerate(lines, start=1):
            await session.all(
                shop.queries["insert_item"],
                order_id=order_id,
                line=number,
                product_id=line.product_id,
                quantity=line.quantity,
                price=line.unit_price_cents,
            )
        await leave_work(shop, session, order_id, charge)
    return placed(order_id, basket, lines)


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order)
    return application(runtime, routes, shop.parts)
