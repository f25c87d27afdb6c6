"""Pieces of placing an order that every release shares."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from sut.charging import Charge
from sut.database import Session
from sut.errors import NotFound
from sut.jobs import Work
from sut.orders.basket import Basket, PlacedLine, PlacedOrder
from sut.orders.express import express_prices
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
    if shop.settings().express_checkout == "on":
        customer = await session.one(shop.queries["customer"], customer_id=basket.customer_id)
        if customer is not None:
            return express_prices(prices, customer["tier"])
    return prices


async def authorize(shop: Shop, basket: Basket) -> Charge:
    """Have payments hold the amount back before anything is stored, where orders are paid for."""
    if not shop.cashier.wanted:
        return Charge("", 0)
    async with shop.database.session() as session:
        prices = await read_prices(shop, session, basket)
    return await shop.cashier.authorize(basket.customer_id, total_of(basket, prices))


def total_of(basket: Basket, prices: Mapping[int, int]) -> int:
    """Return what a basket costs, in cents."""
    return sum(prices[line.product_id] * line.quantity for line in basket.items)


async def open_order(
    shop: Shop, session: Session, basket: Basket, prices: Mapping[int, int]
) -> int:
    """Store an order without its items and return its number. Raise NotFound without customer."""
    row = await session.one(
        shop.queries["insert_order"],
        customer_id=basket.customer_id,
        total_cents=total_of(basket, prices),
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


async def leave_work(shop: Shop, session: Session, order_id: int, charge: Charge) -> None:
    """Leave what is done after the order: its confirmation, then the capture of its amount."""
    subject = f"order:{order_id}"
    await shop.jobs.put(session, Work("order-confirmation", subject, {"order_id": order_id}))
    if charge.authorization_id:
        payload = {
            "order_id": order_id,
            "authorization_id": charge.authorization_id,
            "amount_cents": charge.amount_cents,
        }
        await shop.jobs.put(session, Work("payment-capture", subject, payload))


def placed(order_id: int, basket: Basket, lines: tuple[PlacedLine, ...]) -> PlacedOrder:
    """Return the answer to the customer."""
    return PlacedOrder(
        order_id=order_id,
        customer_id=basket.customer_id,
        status="placed",
        total_cents=sum(line.unit_price_cents * line.quantity for line in lines),
        items=lines,
    )
