"""What the handlers of orders work with: the database, the statements, the stock."""

from __future__ import annotations

from dataclasses import dataclass

from sut.database import Database
from sut.orders.stock import Stock, inventory_upstream
from sut.query import Query, load_queries
from sut.service import Runtime
from sut.settings import OrdersSettings
from sut.telemetry import Telemetry
from sut.upstream import Upstream


@dataclass(frozen=True)
class Shop:
    """The parts of a running orders service."""

    database: Database
    inventory: Upstream
    stock: Stock
    queries: dict[str, Query]
    telemetry: Telemetry


def open_shop(runtime: Runtime[OrdersSettings]) -> Shop:
    """Return the parts, not opened yet."""
    environment, config = runtime.environment, runtime.config
    database = Database(
        environment.require("DATABASE_URL", environment.database_url),
        service="orders",
        telemetry=runtime.telemetry,
        settings=lambda: config.current,
    )
    inventory = inventory_upstream(runtime)
    queries = load_queries("sut.orders")
    return Shop(database, inventory, Stock(inventory), queries, runtime.telemetry)
