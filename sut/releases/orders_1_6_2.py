"""orders 1.6.2: pages name the substitutes of a product and the category of each product."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings


class NamingReading(Reading):
    """Names what is only a number on the pages of the releases before."""

    async def read_page(self, page: int) -> list[dict[str, Any]]:
        """Return the products of a page with their categories."""
        products = await super().read_page(page)
        async with self.shop.database.session() as session:
            for product in products:
                found = await session.one(
                    self.shop.queries["product"], product_id=product["product_id"]
                )
                product["category"] = found["category"] if found else ""
        return products

    async def read_product(self, product_id: int) -> dict[str, Any]:
        """Return a product with the names of its substitutes."""
        product = await super().read_product(product_id)
        queries = self.shop.queries
        async with self.shop.database.session() as session:
            ranked = await session.all(queries["substitutes_of"], product_id=product_id)
            found = [
                await session.one(queries["product"], product_id=row["substitute_id"])
                for row in ranked
            ]
        return {**product, "substitutes": [row["name"] for row in found if row]}


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, reading=NamingReading(shop))
    return application(runtime, routes, shop.parts)
