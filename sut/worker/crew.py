"""The part of a worker that works: takes jobs, does them at the same time, keeps its leases."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping

from opentelemetry.trace import SpanKind, Status, StatusCode
from psycopg import Error

from sut.database import Database
from sut.errors import CannotDo, LeaseLost, ShopError
from sut.jobs import BATCH
from sut.settings import WorkerSettings
from sut.telemetry import Telemetry
from sut.tracing import propagator
from sut.worker.handler import Handler
from sut.worker.job import Job
from sut.worker.meter import JobMeter
from sut.worker.queue import Queue

STOP_SECONDS = 0.25
"""How long a look at the queue, then the jobs in progress, get to end."""
MEASURE_SECONDS = 1.0
REPORT_SECONDS = 60.0
BATCH_KINDS = ("report",)


class Crew:
    """Does jobs until it is closed."""

    def __init__(
        self,
        queue: Queue,
        handlers: Mapping[str, Handler],
        *,
        database: Database,
        telemetry: Telemetry,
        meter: JobMeter,
        settings: Callable[[], WorkerSettings],
    ) -> None:
        self.queue = queue
        self.handlers = handlers
        self.database = database
        self.telemetry = telemetry
        self.meter = meter
        self.settings = settings
        self._working: dict[asyncio.Task[None], Job] = {}
        self._loops: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._problem = ""

    async def open(self) -> None:
        """Begin to work."""
        await self.apply()
        self._loops = [
            asyncio.create_task(self._dispatch()),
            asyncio.create_task(self._every(self._lease_seconds, self._renew)),
            asyncio.create_task(self._every(lambda: MEASURE_SECONDS, self._look)),
        ]

    async def apply(self) -> None:
        """Take over changed settings at once."""
        self.meter.most.set(self.settings().concurrency)
        self._wake.set()

    async def ready(self) -> str:
        """Return why no jobs are taken, or `''`."""
        return self._problem

    async def close(self) -> None:
        """Take no more jobs, let those in progress end, give the others back."""
        self._stopping.set()
        self._wake.set()
        if self._loops:
            await asyncio.wait(self._loops, timeout=STOP_SECONDS)
        for loop in self._loops:
            loop.cancel()
        await asyncio.gather(*self._loops, return_exceptions=True)
        if self._working:
            await asyncio.wait(self._working, timeout=STOP_SECONDS)
        left = dict(self._working)
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)
        if left:
            with contextlib.suppress(ShopError, Error):
                await self.queue.give_back(left.values())

    async def _dispatch(self) -> None:
        while not self._stopping.is_set():
            self._wake.clear()
            settings = self.settings()
            room = settings.concurrency - len(self._working)
            jobs = await self._claim(room, settings) if room > 0 else []
            for job in jobs:
                task = asyncio.create_task(self._attempt(job))
                self._working[task] = job
                task.add_done_callback(self._done)
            if not jobs or len(jobs) < room:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(settings.poll_interval):
                        await self._wake.wait()

    async def _claim(self, room: int, settings: WorkerSettings) -> list[Job]:
        paused = () if settings.batch_jobs == "on" else BATCH_KINDS
        try:
            jobs = await self.queue.claim(room, seconds=settings.lease_seconds, paused=paused)
        except (ShopError, Error) as error:
            self._complain("jobs cannot be taken", error)
            return []
        self._problem = ""
        return jobs

    def _done(self, task: asyncio.Task[None]) -> None:
        self._working.pop(task, None)
        self.meter.active.set(len(self._working))
        self._wake.set()

    async def _attempt(self, job: Job) -> None:
        self.meter.active.set(len(self._working))
        if job.attempts == 1:
            self.meter.wait_seconds.labels(job.kind).observe(job.waited)
        started = time.perf_counter()
        with self.telemetry.tracer.start_as_current_span(
            f"process {job.kind}",
            context=propagator.extract({"traceparent": job.traceparent}),
            kind=SpanKind.CONSUMER,
            attributes={
                "messaging.system": "postgresql",
                "messaging.operation.name": "process",
                "messaging.destination.name": "jobs",
                "messaging.message.id": str(job.job_id),
                "shop.job.kind": job.kind,
                "shop.job.attempt": job.attempts,
            },
        ) as span:
            try:
                if job.attempts > self.settings().max_attempts:
                    raise CannotDo("No worker lived to see the end of it.")  # noqa: TRY301 as an attempt
                await self.do(job)
            except LeaseLost as error:
                self._record(job, "lost")
                self.telemetry.log.warning("job lost", job_id=job.job_id, error=str(error))
            except Exception as error:  # noqa: BLE001 whatever a job does, the crew goes on
                reason = f"{type(error).__name__}: {error}".strip()
                span.set_status(Status(StatusCode.ERROR, reason))
                await self._fail(job, reason)
            else:
                self._record(job, "done")
                self.telemetry.log.info(
                    "job done",
                    job_id=job.job_id,
                    kind=job.kind,
                    attempt=job.attempts,
                    waited_ms=round(job.waited * 1000, 1),
                )
            finally:
                self.meter.seconds.labels(job.kind).observe(time.perf_counter() - started)

    async def do(self, job: Job) -> None:
        """Do a job: what it stores and its end are one transaction."""
        handler = self.handlers[job.kind]
        made = await handler.prepare(job)
        async with self.database.session() as session, session.transaction():
            await self.queue.finish(session, job)
            await handler.store(session, job, made)

    async def _fail(self, job: Job, reason: str) -> None:
        fields = {"job_id": job.job_id, "kind": job.kind, "attempt": job.attempts, "error": reason}
        try:
            if self.is_last(job):
                await self.queue.bury(job, reason)
                self._record(job, "dead")
                self.meter.dead.labels(job.kind).inc()
                self.telemetry.log.error("job given up", **fields)
            else:
                seconds = self.pause_before_retry(job)
                await self.queue.retry(job, reason, seconds=seconds)
                self._record(job, "retried")
                self.telemetry.log.error("job failed", **fields, retry_in_s=round(seconds, 2))
        except (ShopError, Error) as error:
            self._complain("a failed job cannot be put back", error)

    def held(self) -> list[Job]:
        """Return the jobs whose leases are renewed."""
        return list(self._working.values())

    def is_last(self, job: Job) -> bool:
        """Return whether a job that failed is given up."""
        return job.attempts >= self.settings().max_attempts

    def pause_before_retry(self, job: Job) -> float:
        """Return the seconds until a job that failed is tried again."""
        return self.settings().retry_backoff * float(2 ** min(job.attempts - 1, 16))

    def _record(self, job: Job, outcome: str) -> None:
        self.meter.processed.labels(job.kind, outcome).inc()

    def _lease_seconds(self) -> float:
        return self.settings().lease_seconds / 3

    async def _renew(self) -> None:
        if jobs := self.held():
            await self.queue.renew(jobs, seconds=self.settings().lease_seconds)

    async def _look(self) -> None:
        self.meter.take_backlog(await self.queue.backlog())
        self.meter.duplicates.set(await self.queue.duplicates())
        await self.queue.schedule_report(seconds=REPORT_SECONDS, priority=BATCH)

    async def _every(
        self, seconds: Callable[[], float], act: Callable[[], Awaitable[None]]
    ) -> None:
        while not self._stopping.is_set():
            try:
                await act()
            except (ShopError, Error) as error:
                self._complain("the queue cannot be read", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds()):
                    await self._stopping.wait()

    def _complain(self, message: str, error: Exception) -> None:
        self._problem = f"{message}: {error}"
        self.telemetry.log.error(message, error=str(error).strip())
