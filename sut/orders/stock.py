"""Asking inventory what is available."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import orjson

from sut.errors import UpstreamError
from sut.service import Runtime
from sut.settings import OrdersSettings
from sut.upstream import Limits, Upstream

PATH = "/availability"


@dataclass(frozen=True)
class Available:
    """How much there is of a product; `substitute_for` names the product it could replace."""

    product_id: int
    substitute_for: int | None
    available: int


@dataclass(frozen=True)
class Page:
    """One page of inventory's answer; `next_page` is None on the last."""

    items: tuple[Available, ...]
    next_page: int | None


class Stock:
    """Inventory as orders sees it."""

    def __init__(self, inventory: Upstream) -> None:
        self._inventory = inventory

    async def of(self, product_ids: list[int]) -> dict[int, int]:
        """Return what is available of each product, in one call."""
        page = await self._ask([("product_id", str(product)) for product in product_ids])
        return {item.product_id: item.available for item in page.items}

    async def page(self, product_ids: list[int], *, page: int, page_size: int) -> Page:
        """Return one page of what is available of these products and their substitutes."""
        asked = [("product_id", str(product)) for product in product_ids]
        return await self._ask(
            [*asked, ("substitutes", "true"), ("page", str(page)), ("page_size", str(page_size))]
        )

    async def _ask(self, query: list[tuple[str, str]]) -> Page:
        answered = await self._inventory.call("GET", f"{PATH}?{urlencode(query)}", route=PATH)
        if answered.status != 200:
            raise InventoryFailed(answered.status)
        body = orjson.loads(answered.body)
        return Page(tuple(Available(**item) for item in body["items"]), body["next_page"])


class InventoryFailed(UpstreamError):
    """Inventory answered with an error; 503 and 504 stay what they are."""

    def __init__(self, status: int) -> None:
        super().__init__("inventory", f"inventory answered {status}")
        self.status = status if status in {503, 504} else 502


def inventory_limits(runtime: Runtime[OrdersSettings]) -> Callable[[], Limits]:
    """Return the limits of orders for calls to inventory, as they are set now."""
    config = runtime.config

    def limits() -> Limits:
        settings = config.current
        return Limits(
            timeout=settings.inventory_timeout,
            connections=settings.inventory_max_connections,
            connection_timeout=settings.inventory_connection_timeout,
        )

    return limits


def inventory_upstream(runtime: Runtime[OrdersSettings]) -> Upstream:
    """Return the client of inventory with the limits of orders."""
    environment = runtime.environment
    url = environment.require("INVENTORY_URL", environment.inventory_url)
    limits = inventory_limits(runtime)
    return Upstream("inventory", url, telemetry=runtime.telemetry, limits=limits)
