"""Quoting a basket: what it needs from the database, the computation, what was promised."""

from __future__ import annotations

import asyncio

from prometheus_client import Counter

from sut.errors import NotFound
from sut.orders.basket import Basket
from sut.orders.pricing import PricedLine, Quote, process_business_data
from sut.orders.shop import Shop


class Quoting:
    """How a release quotes a basket."""

    def __init__(self, shop: Shop) -> None:
        self.shop = shop
        registry = shop.telemetry.metrics.registry
        self._quoted = Counter(
            "shop_quoted_cents",
            "Value of what was quoted, before discounts.",
            ("tier",),
            registry=registry,
        )
        self._discount = Counter(
            "shop_discount_cents", "Discounts that were quoted.", ("tier",), registry=registry
        )

    async def quote(self, basket: Basket) -> Quote:
        """Return the quote. Raise NotFound for a product or a customer that is not there."""
        lines, tier = await self.read(basket)
        with self.shop.telemetry.tracer.start_as_current_span(
            "process_business_data", attributes={"shop.quote.lines": len(lines)}
        ):
            async with self.shop.quote_workers.worker():
                quoted = await asyncio.to_thread(self.compute, lines, tier)
        self._quoted.labels(tier).inc(quoted.total_cents + quoted.discount_cents)
        self._discount.labels(tier).inc(quoted.discount_cents)
        return quoted

    async def read(self, basket: Basket) -> tuple[tuple[PricedLine, ...], str]:
        """Return what is to be priced, and the customer's tier."""
        queries = self.shop.queries
        async with self.shop.database.session() as session:
            rows = await session.all(queries["quote_basis"], product_ids=basket.product_ids)
            customer = await session.one(queries["customer"], customer_id=basket.customer_id)
        known = {row["product_id"]: row for row in rows}
        if missing := [product for product in basket.product_ids if product not in known]:
            raise NotFound(f"There is no product {missing[0]}.")
        if customer is None:
            raise NotFound(f"There is no customer {basket.customer_id}.")
        lines = tuple(
            PricedLine(line.product_id, line.quantity, row["price_cents"], row["daily_demand"])
            for line in basket.items
            for row in [known[line.product_id]]
        )
        return lines, str(customer["tier"])

    def compute(self, lines: tuple[PricedLine, ...], tier: str) -> Quote:
        """Return the quote; runs in a worker's thread."""
        return process_business_data(lines, tier)
