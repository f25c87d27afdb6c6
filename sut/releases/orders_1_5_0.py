"""orders 1.5.0: offers substitutes for what is not in stock, consistent with the order."""

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
PAGE_SIZE = 4
MAX_PAGES = 6


async def place_order(shop: Shop, basket: Basket) -> PlacedOrder:
    """Open the order, collect what is available of its products and their substitutes, store."""
    charge = await authorize(shop, basket)
    async with shop.database.session() as session, session.transaction():
        prices = await read_prices(shop, session, basket)
        order_id = await open_order(shop, session, basket, prices)
        available, substitutes = await _availability(shop, basket)
        lines = promise_lines(basket, prices, available, substitutes)
        await write_lines(shop, session, order_id, lines)
        await leave_work(shop, session, order_id, charge)
    return placed(order_id, basket, lines)


async def _availability(shop: Shop, basket: Basket) -> tuple[dict[int, int], dict[int, list[int]]]:
    available: dict[int, int] = {}
    substitutes: dict[int, list[int]] = {}
    number: int | None = 1
    while number and number <= MAX_PAGES:
        page = await shop.stock.page(basket.product_ids, page=number, page_size=PAGE_SIZE)
        for item in page.items:
            if item.substitute_for is None:
                available[item.product_id] = item.available
            elif item.available > 0:
                substitutes.setdefault(item.substitute_for, []).append(item.product_id)
        number = page.next_page
    return available, substitutes


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order)
    return application(runtime, routes, shop.parts)
