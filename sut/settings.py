"""The operators' settings of each service: what `/config` shows and takes."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Settings(BaseModel):
    """What every service has; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="least important level that is written and shipped"
    )


class DatabaseSettings(Settings):
    """Settings of a service with a database pool."""

    db_pool_size: int = Field(
        default=4, ge=1, le=64, description="connections to the database at most"
    )
    db_pool_timeout: float = Field(
        default=2.0, ge=0.05, le=60, description="seconds a request waits for a connection"
    )
    db_pool_max_waiting: int = Field(
        default=100, ge=0, le=10_000, description="requests that may wait; 0: no limit"
    )
    db_statement_timeout: float = Field(
        default=0.0, ge=0, le=60, description="seconds until a statement is cancelled; 0: never"
    )


class CacheSettings(DatabaseSettings):
    """Settings of a service that keeps what it has read for a while."""

    cache_ttl: float = Field(
        default=0.0, ge=0, le=3600, description="seconds an entry is served again; 0: no cache"
    )
    cache_max_entries: int = Field(
        default=1000, ge=1, le=100_000, description="entries that are kept, the latest used"
    )
    cache_coalesce: Literal["on", "off"] = Field(
        default="on", description="whether requests for the same missing entry wait for one read"
    )


class GatewaySettings(Settings):
    """Settings of the gateway."""

    orders_timeout: float = Field(
        default=5.0, ge=0.05, le=60, description="seconds until orders must have answered"
    )
    orders_max_connections: int = Field(
        default=64, ge=1, le=1000, description="connections to orders"
    )
    orders_connection_timeout: float = Field(
        default=2.0, ge=0.05, le=60, description="seconds to wait for a free connection to orders"
    )
    orders_attempts: int = Field(
        default=1, ge=1, le=30, description="how often orders is asked for one request at most"
    )
    orders_attempt_timeout: float = Field(
        default=0.0,
        ge=0,
        le=60,
        description="seconds for one attempt; 0: as many as orders_timeout leaves",
    )
    orders_retry_backoff: float = Field(
        default=0.05,
        ge=0,
        le=10,
        description="seconds before the second attempt at most; doubled for each one after it",
    )
    orders_retry_budget: float = Field(
        default=0.2, ge=0, le=30, description="retries for each request, over ten seconds"
    )
    orders_retry_writes: Literal["on", "off"] = Field(
        default="off", description="whether POST requests are sent again too"
    )
    orders_breaker: Literal["auto", "open", "closed"] = Field(
        default="auto", description="whether the circuit breaker acts by itself or is held"
    )
    orders_breaker_threshold: float = Field(
        default=0.0,
        ge=0,
        le=1,
        description="share of calls that go wrong until the breaker opens; 0: it does not",
    )
    orders_breaker_min_calls: int = Field(
        default=20, ge=1, le=10_000, description="calls without which the breaker does not open"
    )
    orders_breaker_window: float = Field(
        default=10.0, ge=1, le=300, description="seconds of calls that the breaker looks at"
    )
    orders_breaker_open_seconds: float = Field(
        default=5.0, ge=0.1, le=600, description="seconds until an open breaker lets calls try"
    )
    rate_limit_catalogue: float = Field(
        default=0.0, ge=0, le=10_000, description="GET /catalogue a second; 0: no limit"
    )
    rate_limit_products: float = Field(
        default=0.0, ge=0, le=10_000, description="GET /products/… a second; 0: no limit"
    )
    rate_limit_quotes: float = Field(
        default=0.0, ge=0, le=10_000, description="POST /quotes a second; 0: no limit"
    )
    rate_limit_orders: float = Field(
        default=0.0, ge=0, le=10_000, description="POST /orders a second; 0: no limit"
    )
    rate_limit_read_orders: float = Field(
        default=0.0, ge=0, le=10_000, description="GET /orders/… a second; 0: no limit"
    )
    rate_limit_reports: float = Field(
        default=0.0, ge=0, le=10_000, description="GET /reports/daily a second; 0: no limit"
    )
    rate_limit_burst: float = Field(
        default=1.0, ge=0.1, le=60, description="seconds of a limit that may come at once"
    )
    max_active_requests: int = Field(
        default=0,
        ge=0,
        le=10_000,
        description="requests at once; reports go first, placing orders last; 0: no limit",
    )
    max_active_quotes: int = Field(
        default=0, ge=0, le=10_000, description="quotes at once; 0: no limit"
    )
    max_active_reports: int = Field(
        default=0, ge=0, le=10_000, description="reports at once; 0: no limit"
    )
    shed_route: Literal[
        "none", "catalogue", "products", "quotes", "orders", "read_orders", "reports"
    ] = Field(default="none", description="route whose requests are all refused")
    query_filter: Literal["on", "off"] = Field(
        default="on", description="whether query strings are looked through, where a release does"
    )


class OrdersSettings(CacheSettings):
    """Settings of orders."""

    inventory_timeout: float = Field(
        default=3.0, ge=0.05, le=60, description="seconds until inventory must have answered"
    )
    inventory_max_connections: int = Field(
        default=64, ge=1, le=1000, description="connections to inventory"
    )
    inventory_connection_timeout: float = Field(
        default=2.0, ge=0.05, le=60, description="seconds to wait for a connection to inventory"
    )
    payments_timeout: float = Field(
        default=3.0, ge=0.05, le=60, description="seconds until payments must have answered"
    )
    payments_max_connections: int = Field(
        default=32, ge=1, le=1000, description="connections to payments"
    )
    quote_workers: int = Field(
        default=32, ge=1, le=32, description="quotes that are computed at once"
    )
    quote_max_waiting: int = Field(
        default=0, ge=0, le=10_000, description="quotes that may wait for a worker; 0: no limit"
    )
    express_checkout: Literal["on", "off"] = Field(
        default="off", description="whether an order gets the customer's terms without a quote"
    )


class InventorySettings(CacheSettings):
    """Settings of inventory."""


class WorkerSettings(DatabaseSettings):
    """Settings of the worker."""

    db_pool_size: int = Field(
        default=8, ge=1, le=64, description="connections to the database at most"
    )
    concurrency: int = Field(default=4, ge=1, le=64, description="jobs that are done at once")
    poll_interval: float = Field(
        default=0.25, ge=0.05, le=60, description="seconds until an idle worker looks again"
    )
    lease_seconds: float = Field(
        default=10.0, ge=1, le=600, description="seconds a job stays taken without a sign of life"
    )
    max_attempts: int = Field(
        default=5, ge=1, le=100, description="attempts until a job becomes a dead letter"
    )
    retry_backoff: float = Field(
        default=1.0,
        ge=0.05,
        le=600,
        description="seconds until the second attempt; doubled for each one after it",
    )
    batch_jobs: Literal["on", "off"] = Field(
        default="on", description="whether reports are made; off leaves them in the queue"
    )
    payments_timeout: float = Field(
        default=3.0, ge=0.05, le=60, description="seconds until payments must have answered"
    )
    payments_max_connections: int = Field(
        default=32, ge=1, le=1000, description="connections to payments"
    )


class PaymentsSettings(Settings):
    """Settings of payments."""

    quota_per_minute: int = Field(
        default=6000, ge=0, le=1_000_000, description="requests that are answered in a minute"
    )
    signature_rounds: int = Field(
        default=5_000, ge=1000, le=5_000_000, description="rounds of PBKDF2 in each signature"
    )
    connection_seconds: float = Field(
        default=15.0, ge=1, le=3600, description="seconds until a customer's connection is closed"
    )
