"""orders 1.6.3: an order reserves the packaging of each of its lines."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.orders.basket import Basket, BasketLine, PlacedOrder
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
BOXES = ((3, 3), (2, 2), (1, 1))
"""The product that a line is packed in, by the least number of pieces."""


async def place_order(shop: Shop, basket: Basket) -> PlacedOrder:
    """Ask inventory for each line, reserve its packaging, then store the order."""
    charge = await authorize(shop, basket)
    async with shop.database.session() as session, session.transaction():
        prices = await read_prices(shop, session, basket)
        order_id = await open_order(shop, session, basket, prices)
        available: dict[int, int] = {}
        for line in basket.items:
            await session.all(
                shop.queries["reserve_packaging"], product_id=box_of(line), pieces=line.quantity
            )
            available |= await shop.stock.of([line.product_id])
        lines = promise_lines(basket, prices, available, {})
        await write_lines(shop, session, order_id, lines)
        await leave_work(shop, session, order_id, charge)
    return placed(order_id, basket, lines)


def box_of(line: BasketLine) -> int:
    """Return the product that a line is packed in."""
    return next(product for least, product in BOXES if line.quantity >= least)


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    return application(runtime, orders_routes(shop, place_order), shop.parts)
