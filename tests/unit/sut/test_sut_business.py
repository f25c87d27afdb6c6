"""Quotes and promises: what a customer is told."""

from __future__ import annotations

import asyncio

import pytest

from sut.control import BadCommand
from sut.control import parse as parse_command
from sut.orders.basket import Basket
from sut.orders.checkout import promise_lines
from sut.orders.pricing import PricedLine, forecast_demand, process_business_data, quantity_percent
from sut.parent.nursery import parse_order
from sut.slots import Slots

BASKET = Basket.model_validate(
    {"customer_id": 1, "items": [{"product_id": 5, "quantity": 2}, {"product_id": 3}]}
)


def test_discounts_add_up_and_have_a_limit() -> None:
    line = PricedLine(product_id=1, quantity=20, unit_price_cents=1000, daily_demand=3.0)
    silver = process_business_data((line,), "silver")
    assert silver.items[0].discount_percent == 11
    assert (silver.total_cents, silver.discount_cents) == (17_800, 2_200)
    many = PricedLine(product_id=1, quantity=90, unit_price_cents=1000, daily_demand=3.0)
    assert process_business_data((many,), "gold").items[0].discount_percent == 18
    assert [quantity_percent(n) for n in (1, 5, 10, 20, 50)] == [0, 2, 5, 8, 12]


def test_a_forecast_is_the_same_each_time_and_near_two_weeks_of_demand() -> None:
    forecast = forecast_demand(4.0, seed=7)
    assert forecast == forecast_demand(4.0, seed=7) == sorted(forecast)
    assert 40 < forecast[len(forecast) // 2] < 80


def test_what_is_not_in_stock_is_ordered_and_alternatives_are_named() -> None:
    lines = promise_lines(BASKET, {5: 100, 3: 200}, {5: 1, 3: 9}, {5: [30, 55], 3: [28]})
    assert [(line.product_id, line.backordered, line.substitutes) for line in lines] == [
        (5, True, (30, 55)),
        (3, False, ()),
    ]
    assert BASKET.product_ids == [3, 5]


@pytest.mark.parametrize(
    "line",
    [
        b"no json",
        b"[]",
        b'{"op": "dance"}',
        b'{"op": "spawn", "service": "orders", "release": "1.4.2", "log": "x"}',
        b'{"op": "spawn", "service": "", "release": "1.4.2", "port": 1, "log": "x"}',
        b'{"op": "spawn", "service": "a", "release": "b", "port": 1, "log": "x", "env": []}',
    ],
)
def test_a_wrong_spawn_is_refused(line: bytes) -> None:
    with pytest.raises(BadCommand):
        parse_order(parse_command(line))


def test_slots_are_given_in_turn_and_grow_with_the_setting() -> None:
    async def play() -> None:
        slots, order = Slots(1), []

        async def work(name: str) -> None:
            await slots.take()
            order.append(name)

        await work("first")
        second, third = (asyncio.create_task(work(name)) for name in ("second", "third"))
        await asyncio.wait({second, third}, timeout=0)
        assert order == ["first"]
        second.cancel()
        slots.resize(2)
        await asyncio.wait({third}, timeout=1)
        assert order == ["first", "third"]
        slots.give_back()
        slots.give_back()
        await slots.take()
        await slots.take()

    asyncio.run(play())
