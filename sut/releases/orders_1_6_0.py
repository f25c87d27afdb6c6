"""orders 1.6.0: recommends along a map of the assortment that is held in memory."""

from __future__ import annotations

import gc
from typing import Any

from starlette.types import ASGIApp

from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings
TIDY_AFTER = 5
"""Pages between two rounds of tidying, so that memory stays small."""
SHOWN = 3
REASONS = ("category", "price", "use", "brand", "season")


class Place:
    """A product on the map: its neighbours, and the ways to them."""

    __slots__ = ("product_id", "ways")

    def __init__(self, product_id: int) -> None:
        self.product_id = product_id
        self.ways: list[Way] = []


class Way:
    """A way between two products, one for each reason why one leads to the other."""

    __slots__ = ("end", "notes", "start")

    def __init__(self, start: Place, end: Place, rank: int) -> None:
        self.start = start
        self.end = end
        self.notes = [[reason, rank, self] for reason in REASONS]


class MapReading(Reading):
    """Shows the neighbours of a product."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._places: dict[int, Place] = {}
        self._pages = 0

    async def product(self, product_id: int) -> dict[str, Any]:
        """Return a product, how much of it there is, and its neighbours."""
        page = await super().product(product_id)
        if not self._places:
            await self._draw()
        self._pages += 1
        if self._pages % TIDY_AFTER == 0:
            gc.collect()
        ways = self._places[product_id].ways[:SHOWN]
        return {**page, "neighbours": [way.end.product_id for way in ways]}

    async def _draw(self) -> None:
        async with self.shop.database.session() as session:
            rows = await session.all(self.shop.queries["substitutes"])
        places: dict[int, Place] = {}
        for row in rows:
            start = places.setdefault(row["product_id"], Place(row["product_id"]))
            end = places.setdefault(row["substitute_id"], Place(row["substitute_id"]))
            start.ways.append(Way(start, end, row["rank"]))
            end.ways.append(Way(end, start, row["rank"]))
        self._places = places


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, reading=MapReading(shop))
    return application(runtime, routes, shop.parts)
