"""What users read: the catalogue, a product, an order, a report."""

from __future__ import annotations

import datetime as dt
from typing import Any

from sut.errors import NotFound
from sut.orders.shop import Shop

PAGE_SIZE = 20


class Reading:
    """How a release answers readers; each method returns the body of an answer."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop

    async def catalogue(self, page: int) -> dict[str, Any]:
        """Return a page of the catalogue."""
        products = await self.shop.catalogue.get(page, lambda: self.read_page(page))
        return {"page": page, "page_size": PAGE_SIZE, "products": products}

    async def read_page(self, page: int) -> list[dict[str, Any]]:
        """Return the products of a page from the database."""
        shop = self.shop
        async with shop.database.session() as session:
            return await session.all(
                shop.queries["catalogue"], limit=PAGE_SIZE, after=(page - 1) * PAGE_SIZE
            )

    async def product(self, product_id: int) -> dict[str, Any]:
        """Return a product and how much of it there is. Raise NotFound without product."""
        found = await self.shop.products.get(product_id, lambda: self.read_product(product_id))
        available = await self.shop.stock.of([product_id])
        return {**found, "available": available.get(product_id, 0)}

    async def read_product(self, product_id: int) -> dict[str, Any]:
        """Return a product from the database. Raise NotFound where there is none."""
        shop = self.shop
        async with shop.database.session() as session:
            found = await session.one(shop.queries["product"], product_id=product_id)
        if found is None:
            raise NotFound(f"There is no product {product_id}.")
        return found

    async def order(self, order_id: int) -> dict[str, Any]:
        """Return an order with its items. Raise NotFound where there is none."""
        shop = self.shop
        async with shop.database.session() as session:
            found = await session.one(shop.queries["order"], order_id=order_id)
        if found is None:
            raise NotFound(f"There is no order {order_id}.")
        return found

    async def daily_report(self, date: dt.date | None) -> dict[str, Any]:
        """Return the sales of a day by category; without a date of yesterday."""
        shop = self.shop
        async with shop.database.session() as session:
            rows = await session.all(shop.queries["daily_report"], date=date)
        return {"date": date.isoformat() if date else "yesterday", "categories": rows}
