"""orders 1.5.2: what an order's status was called is its state, as in the other systems."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from sut.errors import NotFound
from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings


class StateReading(Reading):
    """Reads an order's state."""

    async def order(self, order_id: int) -> dict[str, Any]:
        """Return an order with its items. Raise NotFound where there is none."""
        async with self.shop.database.session() as session:
            found = await session.one(self.shop.queries["order_state"], order_id=order_id)
        if found is None:
            raise NotFound(f"There is no order {order_id}.")
        return found


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, reading=StateReading(shop))
    return application(runtime, routes, shop.parts)
