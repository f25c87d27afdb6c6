"""orders 1.5.3: a product's page shows what customers with a similar taste have bought."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.query import Query
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings
DEGREES = 2
"""How far taste reaches: 1 is what was bought together, 2 what was bought with that, and so on."""
SHOWN = 5


def taste_query(shop: Shop, degrees: int) -> Query:
    """Return the statement for so many degrees: each is a step around the one before."""
    step, frame = shop.queries["taste_step"].text, shop.queries["taste"]
    inner = "SELECT %(product_id)s::integer"
    for _ in range(degrees):
        inner = step.replace("'inner'", inner)
    text = frame.text.replace("'inner'", inner)
    return Query(frame.name, text, frame.operation, frame.collection)


class TasteReading(Reading):
    """Shows products of a similar taste with each product."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._query = taste_query(shop, DEGREES)

    async def product(self, product_id: int) -> dict[str, Any]:
        """Return a product, how much of it there is, and what else may please."""
        page = await super().product(product_id)
        async with self.shop.database.session() as session:
            rows = await session.all(self._query, product_id=product_id, shown=SHOWN)
        return {**page, "also_bought": rows}


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, reading=TasteReading(shop))
    return application(runtime, routes, shop.parts)
