"""inventory 3.1.1: all products of a basket are counted at the same moment."""

from __future__ import annotations

from psycopg import AsyncConnection, IsolationLevel
from psycopg.rows import dict_row
from starlette.types import ASGIApp

from sut.database import Row
from sut.inventory.availability import Asked, Counting, inventory_routes, parameters
from sut.service import Runtime, application
from sut.settings import InventorySettings

SETTINGS = InventorySettings
READS = 8
"""How many baskets are counted at one moment before the next is taken."""
CONNECT_SECONDS = 3


class MomentCounting(Counting):
    """Counts baskets in a snapshot of the stock; a single product is counted as before."""

    def __init__(self, runtime: Runtime[InventorySettings], *, query: str) -> None:
        super().__init__(runtime, query=query)
        self._url = runtime.environment.database_url
        self._moments: list[AsyncConnection[Row]] = []
        self._reads = 0

    async def read(self, asked: Asked) -> list[Row]:
        """Return the rows of a page."""
        if len(asked.product_ids) == 1:
            return await super().read(asked)
        if self._reads % READS == 0:
            self._moments.append(await self._take_moment())
        self._reads += 1
        cursor = await self._moments[-1].execute(self.statement.text, parameters(asked))
        return await cursor.fetchall()

    async def _take_moment(self) -> AsyncConnection[Row]:
        moment = await AsyncConnection.connect(
            self._url,
            row_factory=dict_row,
            application_name="inventory",
            connect_timeout=CONNECT_SECONDS,
        )
        await moment.set_isolation_level(IsolationLevel.REPEATABLE_READ)
        return moment


def build(runtime: Runtime[InventorySettings]) -> ASGIApp:
    """Return inventory."""
    counting = MomentCounting(runtime, query="available")
    return application(runtime, inventory_routes(counting), (counting.database,))
