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

    db_pool_size: int = Field(default=4, ge=1, le=64, description="connections to the database")
    db_pool_timeout: float = Field(
        default=2.0, ge=0.05, le=60, description="seconds a request waits for a connection"
    )
    db_pool_max_waiting: int = Field(
        default=100, ge=0, le=10_000, description="requests that may wait; 0: no limit"
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


class OrdersSettings(DatabaseSettings):
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


class InventorySettings(DatabaseSettings):
    """Settings of inventory."""
