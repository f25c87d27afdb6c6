"""Quotes: price rules, discounts, and a forecast of demand that sets the lead time."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

TIER_PERCENT = {"standard": 0, "silver": 3, "gold": 6}
QUANTITY_PERCENT = ((50, 12), (20, 8), (10, 5), (5, 2))
MAX_PERCENT = 18
FORECAST_DAYS = 14
FORECAST_PATHS = 60
WEEK = (0.9, 0.85, 0.9, 1.0, 1.2, 1.35, 1.1)


@dataclass(frozen=True)
class PricedLine:
    """One line to quote: what it costs and how well it sells."""

    product_id: int
    quantity: int
    unit_price_cents: int
    daily_demand: float


@dataclass(frozen=True)
class QuotedLine:
    """One quoted line."""

    product_id: int
    quantity: int
    unit_price_cents: int
    discount_percent: int
    total_cents: int
    expected_demand: float
    demand_p90: float


@dataclass(frozen=True)
class Quote:
    """What the basket would cost, and what is expected to be sold meanwhile."""

    total_cents: int
    discount_cents: int
    items: tuple[QuotedLine, ...]


def process_business_data(lines: tuple[PricedLine, ...], tier: str) -> Quote:
    """Return the quote of a basket; the same basket is quoted the same each time."""
    quoted = tuple(_quote_line(line, tier) for line in lines)
    full = sum(line.unit_price_cents * line.quantity for line in lines)
    total = sum(line.total_cents for line in quoted)
    return Quote(total_cents=total, discount_cents=full - total, items=quoted)


def _quote_line(line: PricedLine, tier: str) -> QuotedLine:
    percent = min(MAX_PERCENT, TIER_PERCENT.get(tier, 0) + quantity_percent(line.quantity))
    full = line.unit_price_cents * line.quantity
    forecast = forecast_demand(line.daily_demand, seed=line.product_id)
    return QuotedLine(
        product_id=line.product_id,
        quantity=line.quantity,
        unit_price_cents=line.unit_price_cents,
        discount_percent=percent,
        total_cents=full - full * percent // 100,
        expected_demand=round(sum(forecast) / len(forecast), 2),
        demand_p90=round(forecast[len(forecast) * 9 // 10], 2),
    )


def quantity_percent(quantity: int) -> int:
    """Return the discount for buying many, in percent."""
    return next((percent for least, percent in QUANTITY_PERCENT if quantity >= least), 0)


def forecast_demand(daily: float, *, seed: int) -> list[float]:
    """Return simulated demand of the next two weeks, ascending: one figure a simulated path.

    A log-normal random walk around the daily demand with the rhythm of the week.
    """
    chance = random.Random(seed)  # noqa: S311 a forecast, not a secret
    totals = []
    for _ in range(FORECAST_PATHS):
        level = math.log(max(daily, 0.01))
        total = 0.0
        for day in range(FORECAST_DAYS):
            level += chance.gauss(0.0, 0.08)
            total += math.exp(level) * WEEK[day % 7]
        totals.append(total)
    return sorted(totals)
