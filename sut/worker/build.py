"""Putting a worker together."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from fastapi import APIRouter
from starlette.types import ASGIApp

from sut.charging import open_payments
from sut.database import Database
from sut.service import Part, Runtime, application
from sut.settings import WorkerSettings
from sut.worker.crew import Crew
from sut.worker.handler import Bench, Handler, handlers_of
from sut.worker.meter import JobMeter
from sut.worker.queue import Queue


def open_bench(runtime: Runtime[WorkerSettings]) -> Bench:
    """Return what handlers work with, not opened yet."""
    environment, config = runtime.environment, runtime.config
    database = Database(
        environment.require("DATABASE_URL", environment.database_url),
        service="worker",
        telemetry=runtime.telemetry,
        settings=lambda: config.current,
    )
    queries = Queue(database, "").queries
    payments = open_payments(runtime)
    return Bench(database, queries, payments, runtime.telemetry, JobMeter(runtime.telemetry))


def build_worker(
    runtime: Runtime[WorkerSettings],
    *,
    queue: type[Queue] = Queue,
    crew: type[Crew] = Crew,
    handlers: Callable[[Bench], Mapping[str, Handler]] = handlers_of,
) -> ASGIApp:
    """Return the worker's application: nothing but the operators' endpoints, and the crew."""
    bench = open_bench(runtime)
    config = runtime.config
    working = crew(
        queue(bench.database, runtime.environment.instance),
        handlers(bench),
        database=bench.database,
        telemetry=runtime.telemetry,
        meter=bench.meter,
        settings=lambda: config.current,
    )
    others: tuple[Part, ...] = bench.payments.parts if bench.payments else ()
    return application(runtime, APIRouter(), (bench.database, *others, working))
