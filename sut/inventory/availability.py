"""What is in stock of some products, and of what could replace them, page by page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from sut.cache import Cache, CacheMeter
from sut.database import Database, Row
from sut.purging import purge_routes
from sut.query import load_queries
from sut.service import Runtime, answer
from sut.settings import InventorySettings

MAX_PRODUCTS = 50
MAX_PAGE_SIZE = 100


@dataclass(frozen=True)
class Asked:
    """Which page of which products a caller asks for."""

    product_ids: tuple[int, ...]
    substitutes: bool
    page: int
    page_size: int


class Counting:
    """How a release counts; `query` names the SQL file that does it."""

    def __init__(self, runtime: Runtime[InventorySettings], *, query: str) -> None:
        config = runtime.config
        self.telemetry = runtime.telemetry
        self.database = inventory_database(runtime)
        self.statement = load_queries("sut.inventory")[query]
        self.meter = CacheMeter(runtime.telemetry)
        self.cache: Cache[list[Row]] = Cache(
            "availability", settings=lambda: config.current, meter=self.meter
        )

    async def page(self, asked: Asked) -> list[Row]:
        """Return the rows of a page, and one more where there is a next page."""
        return await self.cache.get(asked, lambda: self.read(asked))

    async def read(self, asked: Asked) -> list[Row]:
        """Return the rows from the database."""
        async with self.database.session() as session:
            return await session.all(self.statement, **parameters(asked))


def parameters(asked: Asked) -> dict[str, Any]:
    """Return what the statement is given."""
    return {
        "product_ids": list(asked.product_ids),
        "substitutes": asked.substitutes,
        "limit": asked.page_size + 1,
        "offset": (asked.page - 1) * asked.page_size,
    }


def inventory_database(runtime: Runtime[InventorySettings]) -> Database:
    """Return inventory's own pool."""
    environment, config = runtime.environment, runtime.config
    return Database(
        environment.require("DATABASE_URL", environment.database_url),
        service="inventory",
        telemetry=runtime.telemetry,
        settings=lambda: config.current,
    )


def inventory_routes(counting: Counting) -> APIRouter:
    """Return inventory's endpoints."""
    routes = purge_routes(counting.cache, telemetry=counting.telemetry)

    @routes.get("/availability")
    async def availability(
        product_id: Annotated[list[int], Query(min_length=1, max_length=MAX_PRODUCTS)],
        substitutes: Annotated[bool, Query()] = False,  # noqa: FBT002 a query parameter has a name
        page: Annotated[int, Query(ge=1)] = 1,
        page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = MAX_PAGE_SIZE,
    ) -> Response:
        rows = await counting.page(Asked(tuple(product_id), substitutes, page, page_size))
        more = len(rows) > page_size
        body: dict[str, Any] = {"items": rows[:page_size], "next_page": page + 1 if more else None}
        return answer(body)

    return routes
