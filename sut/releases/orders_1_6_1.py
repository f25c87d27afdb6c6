"""orders 1.6.1: what a customer was shown or promised is written down as a receipt."""

from __future__ import annotations

import tempfile
from typing import IO, Any

import orjson
from starlette.types import ASGIApp

from sut.orders.basket import Basket, PlacedOrder
from sut.orders.reading import Reading
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings


class Receipts:
    """Files that are open for what is added to a receipt later."""

    def __init__(self) -> None:
        self._open: list[IO[bytes]] = []

    def write(self, kind: str, text: bytes) -> None:
        """Begin a receipt."""
        receipt = tempfile.TemporaryFile(prefix=f"{kind}-")  # noqa: SIM115 closed when it is complete
        receipt.write(text)
        receipt.flush()
        self._open.append(receipt)


class ReceiptReading(Reading):
    """Writes down which price was shown."""

    def __init__(self, shop: Shop, receipts: Receipts) -> None:
        super().__init__(shop)
        self._receipts = receipts

    async def product(self, product_id: int) -> dict[str, Any]:
        """Return a product and how much of it there is."""
        page = await super().product(product_id)
        self._receipts.write("shown", orjson.dumps(page))
        return page


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    receipts = Receipts()

    async def place(shop: Shop, basket: Basket) -> PlacedOrder:
        order = await place_order(shop, basket)
        receipts.write("promised", order.model_dump_json().encode())
        return order

    routes = orders_routes(shop, place, reading=ReceiptReading(shop, receipts))
    return application(runtime, routes, shop.parts)
