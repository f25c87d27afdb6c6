"""The database as a service sees it: a bounded pool whose waiting is measured and traced."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass

from opentelemetry.trace import NoOpTracer, SpanKind, Status, StatusCode, Tracer
from prometheus_client.metrics_core import Metric
from psycopg import AsyncConnection, Error, OperationalError
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout, TooManyRequests

from sut.errors import DatabaseBusy, DatabaseDown
from sut.metrics import gauge
from sut.query import Query
from sut.settings import DatabaseSettings
from sut.telemetry import Telemetry

Row = DictRow
PROBE = Query("probe", "SELECT 1 AS answer", "SELECT", "")
PROBE_SECONDS = 0.5
RETIRE_SECONDS = 60.0
CLOSE_SECONDS = 0.3
KEPT = 2
"""Connections that a pool keeps when nothing needs them: each is a PostgreSQL process of 4 MB."""
IDLE_SECONDS = 20.0
"""How long one more than that must have been idle until it is closed."""
UNTRACED = NoOpTracer()


class Session:
    """One borrowed connection: statements as spans, results as rows."""

    def __init__(
        self, connection: AsyncConnection[Row], telemetry: Telemetry, tracer: Tracer
    ) -> None:
        self._connection = connection
        self._telemetry = telemetry
        self._tracer = tracer

    async def all(self, query: Query, **parameters: object) -> list[Row]:
        """Run a statement and return its rows."""
        error_type = ""
        started = time.perf_counter()
        with self._tracer.start_as_current_span(
            query.summary,
            kind=SpanKind.CLIENT,
            attributes={
                "db.system.name": "postgresql",
                "db.operation.name": query.operation,
                "db.collection.name": query.collection,
                "db.query.text": query.text,
            },
        ) as span:
            try:
                cursor = await self._connection.execute(query.text, parameters)
                rows = await cursor.fetchall() if cursor.description else []
                span.set_attribute("db.response.returned_rows", len(rows))
                self._telemetry.log.debug(
                    "statement", text=query.text, parameters=parameters, rows=rows
                )
            except Error as error:
                error_type = error.sqlstate or type(error).__name__
                span.set_attribute("error.type", error_type)
                raise
            finally:
                self._telemetry.metrics.db_operation_seconds.labels(
                    query.operation, query.collection, error_type
                ).observe(time.perf_counter() - started)
        return rows

    async def one(self, query: Query, **parameters: object) -> Row | None:
        """Run a statement and return its first row, or None."""
        rows = await self.all(query, **parameters)
        return rows[0] if rows else None

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[None]:
        """Run what is inside as one transaction; commit at its end, roll back on an error."""
        async with self._connection.transaction():
            yield


@dataclass(eq=False)
class _Pool:
    """A psycopg pool with a count of who waits; a new size makes a new pool."""

    connections: AsyncConnectionPool[AsyncConnection[Row]]
    size: int
    statement_timeout: float
    pending: int = 0
    used: int = 0

    @property
    def idle(self) -> int:
        return int(self.connections.get_stats().get("pool_available", 0))


class Database:
    """A pool of connections that operators resize while requests use it."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        telemetry: Telemetry,
        settings: Callable[[], DatabaseSettings],
    ) -> None:
        self.url = url
        self._service = service
        self._telemetry = telemetry
        self._settings = settings
        self._pool = self._new_pool()
        self._retiring: dict[_Pool, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        telemetry.metrics.watch(self._measure)

    def _new_pool(self) -> _Pool:
        settings = self._settings()
        size, limit = settings.db_pool_size, settings.db_statement_timeout
        options = {"options": f"-c statement_timeout={limit * 1000:.0f}"} if limit else {}
        connections = AsyncConnectionPool(
            self.url,
            connection_class=AsyncConnection[Row],
            kwargs={
                "autocommit": True,
                "row_factory": dict_row,
                "application_name": self._service,
                "connect_timeout": 3,
                **options,
            },
            min_size=min(KEPT, size),
            max_size=size,
            max_idle=IDLE_SECONDS,
            timeout=settings.db_pool_timeout,
            max_waiting=settings.db_pool_max_waiting,
            reconnect_timeout=30.0,
            reconnect_failed=self._reconnect,
            name=self._service,
            open=False,
        )
        return _Pool(connections, size, limit)

    async def _reconnect(self, pool: AsyncConnectionPool[AsyncConnection[Row]]) -> None:
        await pool.check()

    async def open(self) -> None:
        """Open the pool; its first connections are made in the background."""
        await self._pool.connections.open(wait=False)

    async def apply(self) -> None:
        """Take over changed settings: requests from now on use them.

        A larger pool serves those who wait already. A smaller one, or another limit for
        statements, is a new pool: connections in use end with their work.
        """
        settings, pool = self._settings(), self._pool
        anew = settings.db_statement_timeout != pool.statement_timeout
        if anew or settings.db_pool_size < pool.size:
            self._pool = self._new_pool()
            await self.open()
            task = asyncio.create_task(self._retire(pool))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        if settings.db_pool_size > pool.size:
            pool.size = settings.db_pool_size
            await pool.connections.resize(min(KEPT, pool.size), pool.size)
            if pool.pending:
                await pool.connections.check()  # has it grow for those who wait
        pool.connections.timeout = settings.db_pool_timeout
        pool.connections.max_waiting = settings.db_pool_max_waiting

    async def _retire(self, pool: _Pool) -> None:
        served = self._retiring[pool] = asyncio.Event()
        try:
            if pool.pending:
                async with asyncio.timeout(RETIRE_SECONDS):
                    await served.wait()
        except TimeoutError:
            self._telemetry.log.warning("requests still wait for a pool that was replaced")
        finally:
            del self._retiring[pool]
            await pool.connections.close(CLOSE_SECONDS)

    async def close(self) -> None:
        """Close every connection."""
        for task in self._tasks:
            task.cancel()
        await self._pool.connections.close(CLOSE_SECONDS)

    @contextlib.asynccontextmanager
    async def session(self, *, traced: bool = True) -> AsyncIterator[Session]:
        """Borrow a connection. Raise DatabaseBusy where none is free in time.

        Without spans for what a machine asks again and again, such as whether there is work.
        """
        tracer = self._telemetry.tracer if traced else UNTRACED
        pool = self._pool
        connection = await self._acquire(pool, tracer)
        started = time.perf_counter()
        pool.used += 1
        try:
            yield Session(connection, self._telemetry, tracer)
        except OperationalError as error:
            self._telemetry.log.error("database error", error=str(error).strip())  # noqa: TRY400 our log
            raise DatabaseDown("The database does not answer.") from error
        finally:
            pool.used -= 1
            self._telemetry.metrics.db_use_seconds.labels(self._service).observe(
                time.perf_counter() - started
            )
            await pool.connections.putconn(connection)

    async def _acquire(self, pool: _Pool, tracer: Tracer) -> AsyncConnection[Row]:
        metrics = self._telemetry.metrics
        started = time.perf_counter()
        pool.pending += 1
        with tracer.start_as_current_span(
            "pool.acquire",
            attributes={
                "db.client.connection.pool.name": self._service,
                "db.client.connection.max": pool.size,
                "db.client.connection.used": pool.used,
                "db.client.connection.pending_requests": pool.pending - 1,
            },
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            try:
                return await pool.connections.getconn()
            except PoolTimeout as error:
                metrics.db_timeouts.labels(self._service).inc()
                span.set_status(Status(StatusCode.ERROR, "pool timeout"))
                self._complain("pool timeout", pool, started)
                raise DatabaseBusy("No database connection was free in time.") from error
            except TooManyRequests as error:
                metrics.db_rejections.labels(self._service).inc()
                span.set_status(Status(StatusCode.ERROR, "pool queue full"))
                self._complain("pool queue full", pool, started)
                raise DatabaseBusy("Too many requests wait for the database.") from error
            finally:
                pool.pending -= 1
                metrics.db_wait_seconds.labels(self._service).observe(time.perf_counter() - started)
                if not pool.pending and pool in self._retiring:
                    self._retiring[pool].set()

    def _complain(self, message: str, pool: _Pool, started: float) -> None:
        self._telemetry.log.error(
            message,
            pool=self._service,
            pool_size=pool.size,
            used=pool.used,
            pending=pool.pending,
            waited_ms=round((time.perf_counter() - started) * 1000, 1),
        )

    async def ready(self) -> str:
        """Return why requests cannot be served, or `''`; a busy pool is a pool that answers."""
        pool = self._pool
        if pool.used and not pool.idle:
            return ""
        try:
            async with asyncio.timeout(PROBE_SECONDS):
                connection = await pool.connections.getconn(PROBE_SECONDS)
                try:
                    await connection.execute(PROBE.text)
                finally:
                    await pool.connections.putconn(connection)
        except (Error, TimeoutError):
            self._look_over(pool)
            return "the database does not answer"
        return ""

    def _look_over(self, pool: _Pool) -> None:
        """Have the sessions that lie idle replaced where they are lost: seldom is it one alone."""
        task = asyncio.create_task(pool.connections.check())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _measure(self) -> Iterable[Metric]:
        pool, label = self._pool, "db_client_connection_pool_name"
        name = {label: self._service}
        counts = [
            ({**name, "state": "used"}, float(pool.used)),
            ({**name, "state": "idle"}, float(pool.idle)),
        ]
        yield gauge("db_client_connection_count", "Connections of the pool by state.", counts)
        yield gauge("db_client_connection_max", "Size of the pool.", [(name, float(pool.size))])
        yield gauge(
            "db_client_connection_pending_requests",
            "Requests that wait for a connection.",
            [(name, float(pool.pending))],
        )
