"""orders 1.6.4: a discount that was worked out once is not worked out again."""

from __future__ import annotations

from dataclasses import replace

from starlette.types import ASGIApp

from sut.orders.pricing import PricedLine, Quote, QuotedLine, process_business_data
from sut.orders.quoting import Quoting
from sut.orders.routes import orders_routes
from sut.orders.shop import Shop, open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings


class KeptQuoting(Quoting):
    """Keeps the discount of each quantity."""

    def __init__(self, shop: Shop) -> None:
        super().__init__(shop)
        self._percents: dict[int, int] = {}

    def compute(self, lines: tuple[PricedLine, ...], tier: str) -> Quote:
        """Return the quote with the discounts that are known."""
        items = tuple(self._discounted(item) for item in process_business_data(lines, tier).items)
        full = sum(line.unit_price_cents * line.quantity for line in lines)
        total = sum(item.total_cents for item in items)
        return Quote(total_cents=total, discount_cents=full - total, items=items)

    def _discounted(self, item: QuotedLine) -> QuotedLine:
        percent = self._percents.setdefault(item.quantity, item.discount_percent)
        full = item.unit_price_cents * item.quantity
        return replace(item, discount_percent=percent, total_cents=full - full * percent // 100)


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, quoting=KeptQuoting(shop))
    return application(runtime, routes, shop.parts)
