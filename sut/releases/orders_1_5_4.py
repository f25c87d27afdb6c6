"""orders 1.5.4: a product's data sheet is made with its page and kept for printing."""

from __future__ import annotations

from typing import Any

from starlette.types import ASGIApp

from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings
SERIES, YEARS = 40, 10


class SheetReading(Reading):
    """Keeps the sheet of each page, to be printed by its number."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._sheets: dict[int, str] = {}

    async def product(self, product_id: int) -> dict[str, Any]:
        """Return a product, how much of it there is, and the number of its sheet."""
        page = await super().product(product_id)
        number = len(self._sheets) + 1
        self._sheets[number] = data_sheet(page)
        return {**page, "sheet": number}


def data_sheet(page: dict[str, Any]) -> str:
    """Return the sheet: every item of the series, and its spare parts by year."""
    head = f"{page['sku']} {page['name']} ({page['category']}), {page['available']} in stock"
    rows = (
        f"item {item:3} of the series, year {year:2}: {page['description']:<90} "
        f"{page['price_cents'] * (100 - 3 * year) // 100:>12} cents, part {page['sku']}-{item:03}"
        f"-{year:02}, {head}"
        for item in range(1, SERIES + 1)
        for year in range(1, YEARS + 1)
    )
    return "\n".join((head, *rows))


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, reading=SheetReading(shop))
    return application(runtime, routes, shop.parts)
