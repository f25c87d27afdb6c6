"""PostgreSQL's own statistics, read each second over one session."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable

from prometheus_client.metrics_core import Metric
from psycopg import AsyncConnection, Error
from psycopg.rows import DictRow, dict_row

from sut.exporter.family import families
from sut.exporter.statement import Statement, statements
from sut.metrics import gauge
from sut.telemetry import Telemetry

PERIOD_SECONDS = 1.0
PATIENCE_SECONDS = 3.0


class DatabaseWatch:
    """A part of the service: asks every statement once a period and keeps the answers.

    Where PostgreSQL does not answer there is only `postgresql_up 0`.
    """

    def __init__(self, url: str, telemetry: Telemetry) -> None:
        self._url = url
        self._log = telemetry.log
        self._statements = statements()
        self._answers: list[Metric] = []
        self._refused: set[str] = set()
        self._up = False
        self._connection: AsyncConnection[DictRow] | None = None
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        telemetry.metrics.watch(self._measure)

    async def open(self) -> None:
        """Begin to ask."""
        self._task = asyncio.create_task(self._follow())

    async def apply(self) -> None:
        """Nothing here can be set."""

    async def ready(self) -> str:
        """Return `''`: that PostgreSQL is away is what it has to tell."""
        return ""

    async def close(self) -> None:
        """Stop asking and end the session."""
        self._ended.set()
        if self._task:
            await self._task
        await self._hang_up()

    async def _follow(self) -> None:
        while not self._ended.is_set():
            await self._ask()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PERIOD_SECONDS):
                    await self._ended.wait()

    async def _ask(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                connection = await self._connect()
                self._answers = [
                    metric
                    for each in self._statements
                    for metric in await self._answer(connection, each)
                ]
        except (Error, OSError, TimeoutError) as error:
            if self._up:
                reason = str(error).strip() or type(error).__name__
                self._log.warning("PostgreSQL does not answer", reason=reason.splitlines()[0])
            self._up, self._answers = False, []
            await self._hang_up()
        else:
            self._up = True

    async def _connect(self) -> AsyncConnection[DictRow]:
        if self._connection is None:
            self._connection = await AsyncConnection[DictRow].connect(
                self._url,
                autocommit=True,
                row_factory=dict_row,
                application_name="exporter",
                connect_timeout=int(PATIENCE_SECONDS),
            )
        return self._connection

    async def _answer(
        self, connection: AsyncConnection[DictRow], statement: Statement
    ) -> list[Metric]:
        """Return a statement's metrics; none where this server cannot tell them."""
        try:
            cursor = await connection.execute(statement.text.encode())
            rows = await cursor.fetchall()
        except Error as error:
            if connection.broken:
                raise
            self._say_once(statement.name, error)
            return []
        return families(rows, statement.helps)

    def _say_once(self, name: str, error: Error) -> None:
        if name not in self._refused:
            self._refused.add(name)
            reason = str(error).strip().splitlines()[0]
            self._log.warning("PostgreSQL refuses a statement", statement=name, reason=reason)

    async def _hang_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Error, OSError):
                await connection.close()

    def _measure(self) -> Iterable[Metric]:
        yield gauge(
            "postgresql_up", "1 where PostgreSQL answers the exporter.", [({}, float(self._up))]
        )
        yield from self._answers
