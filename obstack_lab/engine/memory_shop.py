"""The shop as the in-memory engine knows it: components and settings."""

from __future__ import annotations

from obstack_lab.engine.interface import ComponentKind, Scalar

INFRASTRUCTURE: dict[str, ComponentKind] = {
    "postgres": "database",
    "telemetry": "telemetry",
    "prometheus": "metrics",
    "edge": "edge",
    "services": "parent",
    "load": "load",
}
_POOL: dict[str, Scalar] = {
    "db_pool_size": 4,
    "db_pool_timeout": 2.0,
    "db_pool_max_waiting": 100,
}
SETTINGS: dict[str, dict[str, Scalar]] = {
    "gateway": {"log_level": "info", "orders_timeout": 5.0},
    "orders": {"log_level": "info", "inventory_timeout": 3.0, **_POOL},
    "inventory": {"log_level": "info", **_POOL},
    "payments": {"log_level": "info"},
    "worker": {"log_level": "info", **_POOL},
}
