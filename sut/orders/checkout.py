"""Pieces of placing an order that every release shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sut.database import Session
from sut.errors import NotFound
from sut.orders.basket import Basket, PlacedLine, PlacedOrder
from sut.orders.shop import Shop


class Checkout(Protocol):
    """How a release places an order."""

    async def __call__(self, shop: Shop, basket: Basket) -> PlacedOrder:
        """Store the order and return what was promised."""


async def read_prices(shop: Shop, session: Session, basket: Basket) -> dict[int, int]:
    """Return the price in cents of each product. Raise NotFound for a product we do not sell."""
    rows = await session.all(shop.queries["prices"], product_ids=basket.product_ids)
    prices = {row["product_id"]: row["price_cents"] for row in rows}
    if missing := [product for product in basket.product_ids if product not in prices]:
        raise NotFound(f"There is no product {missing[0]}.")
    return prices


async def open_order(
    shop: Shop, session: Session, basket: Basket, prices: Mapping[int, int]
) -> int:
    """Store an order without its items and return its number. Raise NotFound without customer."""
    total = sum(prices[line.product_id] * line.quantity for line in basket.items)
    row = await session.one(
        shop.queries["insert_order"], customer_id=basket.customer_id, total_cents=total
    )
    if row is None:
        raise NotFound(f"There is no customer {basket.customer_id}.")
    return int(row["order_id"])


def promise_lines(
    basket: Basket,
    prices: Mapping[int, int],
    available: Mapping[int, int],
    substitutes: Mapping[int, Sequence[int]],
) -> tuple[PlacedLine, ...]:
    """Return the lines; what is not in stock is ordered for the customer, with alternatives."""
    lines = []
    for line in basket.items:
        backordered = available.get(line.product_id, 0) < line.quantity
        lines.append(
            PlacedLine(
                product_id=line.product_id,
                quantity=line.quantity,
                unit_price_cents=prices[line.product_id],
                backordered=backordered,
                substitutes=tuple(substitutes.get(line.product_id, ())) if backordered else (),
            )
        )
    return tuple(lines)


async def write_lines(
    shop: Shop, session: Session, order_id: int, lines: Sequence[PlacedLine]
) -> None:
    """Store the items of an order with one statement."""
    await session.all(
        shop.queries["insert_items"],
        order_id=order_id,
        product_ids=[line.product_id for line in lines],
        quantities=[line.quantity for line in lines],
        prices=[line.unit_price_cents for line in lines],
    )


def placed(order_id: int, basket: Basket, lines: tuple[PlacedLine, ...]) -> PlacedOrder:
    """Return the answer to the customer."""
    return PlacedOrder(
        order_id=order_id,
        customer_id=basket.customer_id,
        status="placed",
        total_cents=sum(line.unit_price_cents * line.quantity for line in lines),
        items=lines,
    )
