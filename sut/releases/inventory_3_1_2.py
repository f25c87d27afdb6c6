"""inventory 3.1.2: keeps the pages it has counted for half a minute, which spares the database."""

from __future__ import annotations

from starlette.types import ASGIApp

from sut.cache import Cache
from sut.database import Row
from sut.inventory.availability import Asked, Counting, inventory_routes
from sut.service import Runtime, application
from sut.settings import CacheSettings, InventorySettings

SETTINGS = InventorySettings
SECONDS = 30.0


class KeptCounting(Counting):
    """Counts a page once in half a minute, or in the time that operators have set."""

    def __init__(self, runtime: Runtime[InventorySettings], *, query: str) -> None:
        super().__init__(runtime, query=query)
        config = runtime.config

        def settings() -> CacheSettings:
            current = config.current
            return current.model_copy(update={"cache_ttl": current.cache_ttl or SECONDS})

        self.cache: Cache[list[Row]] = Cache("pages", settings=settings, meter=self.meter)

    async def page(self, asked: Asked) -> list[Row]:
        """Return the rows of a page, and one more where there is a next page."""
        key = (asked.page, asked.page_size, asked.substitutes)
        return await self.cache.get(key, lambda: self.read(asked))


def build(runtime: Runtime[InventorySettings]) -> ASGIApp:
    """Return inventory."""
    counting = KeptCounting(runtime, query="available")
    return application(runtime, inventory_routes(counting), (counting.database,))
