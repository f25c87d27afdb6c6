"""orders 1.5.1: the expected demand of a quote no longer jumps with a few unusual weeks."""

from __future__ import annotations

import statistics
from dataclasses import replace
from itertools import combinations

from starlette.types import ASGIApp

from sut.orders.pricing import PricedLine, Quote, forecast_demand, process_business_data
from sut.orders.quoting import Quoting
from sut.orders.routes import orders_routes
from sut.orders.shop import open_shop
from sut.releases.orders_1_4_2 import place_order
from sut.service import Runtime, application
from sut.settings import OrdersSettings

SETTINGS = OrdersSettings
FORECASTS = 14


class SteadyQuoting(Quoting):
    """Quotes with an estimate of demand that outliers do not move."""

    def compute(self, lines: tuple[PricedLine, ...], tier: str) -> Quote:
        """Return the quote with the Hodges-Lehmann estimate of each line's demand."""
        quoted = process_business_data(lines, tier)
        items = tuple(
            replace(item, expected_demand=round(steady_demand(line), 2))
            for item, line in zip(quoted.items, lines, strict=True)
        )
        return replace(quoted, items=items)


def steady_demand(line: PricedLine) -> float:
    """Return the median of the means of all pairs of simulated paths."""
    paths = [
        total
        for number in range(FORECASTS)
        for total in forecast_demand(line.daily_demand, seed=line.product_id + number)
    ]
    return statistics.median(sum(pair) / 2 for pair in combinations(paths, 2))


def build(runtime: Runtime[OrdersSettings]) -> ASGIApp:
    """Return orders."""
    shop = open_shop(runtime)
    routes = orders_routes(shop, place_order, quoting=SteadyQuoting(shop))
    return application(runtime, routes, shop.parts)
