"""What is in stock of some products, and of what could replace them, page by page."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from sut.database import Database
from sut.query import load_queries
from sut.service import Runtime, answer
from sut.settings import InventorySettings

MAX_PRODUCTS = 50
MAX_PAGE_SIZE = 100


def inventory_database(runtime: Runtime[InventorySettings]) -> Database:
    """Return inventory's own pool."""
    environment, config = runtime.environment, runtime.config
    return Database(
        environment.require("DATABASE_URL", environment.database_url),
        service="inventory",
        telemetry=runtime.telemetry,
        settings=lambda: config.current,
    )


def inventory_routes(database: Database, *, query: str) -> APIRouter:
    """Return inventory's endpoints; `query` names the SQL file that counts."""
    statement = load_queries("sut.inventory")[query]
    routes = APIRouter()

    @routes.get("/availability")
    async def availability(
        product_id: Annotated[list[int], Query(min_length=1, max_length=MAX_PRODUCTS)],
        substitutes: Annotated[bool, Query()] = False,  # noqa: FBT002 a query parameter has a name
        page: Annotated[int, Query(ge=1)] = 1,
        page_size: Annotated[int, Query(ge=1, le=MAX_PAGE_SIZE)] = MAX_PAGE_SIZE,
    ) -> Response:
        async with database.session() as session:
            rows = await session.all(
                statement,
                product_ids=product_id,
                substitutes=substitutes,
                limit=page_size + 1,
                offset=(page - 1) * page_size,
            )
        more = len(rows) > page_size
        body: dict[str, Any] = {"items": rows[:page_size], "next_page": page + 1 if more else None}
        return answer(body)

    return routes
