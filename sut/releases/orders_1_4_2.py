"""orders 1.4.2: stores the items of an order with one statement."""

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
    write_lines,
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
        await write_lines(shop, session, order_id, lines)
        await leave_work(shop, session, order_id, charge)
    return placed(order_id, basket, lines)


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order)
    return application(runtime, routes, shop.parts)
