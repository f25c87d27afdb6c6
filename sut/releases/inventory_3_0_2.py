"""inventory 3.0.2: counts everything in the warehouses."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.inventory.availability import Counting, inventory_routes
from sut.service import Runtime, application
from sut.settings import InventorySettings

SETTINGS = InventorySettings


def build(runtime: Runtime[InventorySettings]) -> ASGIApp:
    """Return inventory."""
    counting = Counting(runtime, query="on_hand")
    return application(runtime, inventory_routes(counting), (counting.database,))
