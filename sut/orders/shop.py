"""What the handlers of orders work with: the database, the statements, the stock, the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sut.cache import Cache, CacheMeter
from sut.charging import Cashier, NoCashier, open_payments
from sut.database import Database
from sut.jobs import JobQueue, open_queue
from sut.orders.stock import Stock, inventory_upstream
from sut.orders.workers import QuoteWorkers
from sut.query import Query, load_queries
from sut.service import Part, Runtime
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
    settings: Callable[[], OrdersSettings]
    quote_workers: QuoteWorkers
    products: Cache[dict[str, Any]]
    catalogue: Cache[list[dict[str, Any]]]
    cashier: Cashier
    jobs: JobQueue

    @property
    def parts(self) -> tuple[Part, ...]:
        """What is opened and closed with the service."""
        return (self.database, self.inventory, self.quote_workers, *self.cashier.parts)


def open_shop(runtime: Runtime[OrdersSettings]) -> Shop:
    """Return the parts, not opened yet."""
    environment, config, telemetry = runtime.environment, runtime.config, runtime.telemetry

    def settings() -> OrdersSettings:
        return config.current

    database = Database(
        environment.require("DATABASE_URL", environment.database_url),
        service="orders",
        telemetry=telemetry,
        settings=settings,
    )
    inventory = inventory_upstream(runtime)
    meter = CacheMeter(telemetry)
    return Shop(
        database=database,
        inventory=inventory,
        stock=Stock(inventory),
        queries=load_queries("sut.orders"),
        telemetry=telemetry,
        settings=settings,
        quote_workers=QuoteWorkers(telemetry, settings),
        products=Cache("products", settings=settings, meter=meter),
        catalogue=Cache("catalogue", settings=settings, meter=meter),
        cashier=open_payments(runtime) or NoCashier(),
        jobs=open_queue(environment.job_queue),
    )
