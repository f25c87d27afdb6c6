"""What is done for each kind of job."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from string import Template
from typing import Any, Protocol

from psycopg.types.json import Jsonb

from sut.charging import Charge, Payments
from sut.database import Database, Row, Session
from sut.errors import CannotDo
from sut.query import Query
from sut.telemetry import Telemetry
from sut.worker.job import Job
from sut.worker.meter import JobMeter


@dataclass(frozen=True)
class Bench:
    """What handlers work with."""

    database: Database
    queries: Mapping[str, Query]
    payments: Payments | None
    telemetry: Telemetry
    meter: JobMeter


class Handler(Protocol):
    """One kind of job in two steps, so that no transaction is open while others are asked."""

    async def prepare(self, job: Job) -> Any:
        """Do what may be done twice, and return what is to be stored."""

    async def store(self, session: Session, job: Job, made: Any) -> None:
        """Store it; the job is finished in the same transaction."""


class Confirmation:
    """`order-confirmation`: the message that tells a customer what was ordered."""

    allowed: tuple[str, ...] = ("placed",)
    """The status an order has before it is confirmed."""
    store_query = "store_confirmation"

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        text = files("sut.worker").joinpath("confirmation.txt").read_text("utf-8")
        self._template = Template(text)

    async def prepare(self, job: Job) -> str:
        """Return the message. Raise CannotDo where there is no such order."""
        order_id = job.payload.get("order_id")
        if not isinstance(order_id, int):
            raise CannotDo("The job names no order.")
        async with self.bench.database.session() as session:
            order = await session.one(self.bench.queries["order_to_confirm"], order_id=order_id)
        if order is None:
            raise CannotDo(f"There is no order {order_id}.")
        return self.render(order)

    def render(self, order: Row) -> str:
        """Return the text of the message."""
        lines = "\n".join(
            f"{item['quantity']:4} x {item['name']:40} {_money(item['unit_price_cents']):>12}"
            for item in order["items"]
        )
        return self._template.substitute(
            name=order["name"],
            email=order["email"],
            order_id=order["order_id"],
            placed_at=f"{order['placed_at']:%Y-%m-%d %H:%M}",
            lines=lines,
            total=_money(order["total_cents"]),
        )

    async def store(self, session: Session, job: Job, made: str) -> None:
        """Store the message and its digest once for each order, and move the order on."""
        order_id = job.payload["order_id"]
        digest = hashlib.sha256(made.encode()).hexdigest()
        sent = await session.one(
            self.bench.queries[self.store_query],
            job_id=job.job_id,
            order_id=order_id,
            digest=digest,
            body=made,
        )
        await advance(self.bench, session, order_id, "confirmed", self.allowed)
        if sent:
            self.bench.telemetry.log.info(
                "confirmation sent", job_id=job.job_id, order_id=order_id, digest=digest[:12]
            )


class Capture:
    """`payment-capture`: takes the amount that was held back."""

    allowed: tuple[str, ...] = ("placed", "confirmed")

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    async def prepare(self, job: Job) -> str:
        """Return the capture's id; payments takes an amount once for each key."""
        if self.bench.payments is None:
            raise CannotDo("This worker is not told where payments is.")
        charge = Charge(job.payload["authorization_id"], job.payload["amount_cents"])
        return await self.bench.payments.capture(charge, key=f"job-{job.job_id}")

    async def store(self, session: Session, job: Job, made: str) -> None:
        """Store the capture once for each order, and move the order on."""
        order_id = job.payload["order_id"]
        await session.all(
            self.bench.queries["store_capture"],
            capture_id=made,
            job_id=job.job_id,
            order_id=order_id,
            amount_cents=job.payload["amount_cents"],
        )
        await advance(self.bench, session, order_id, "paid", self.allowed)


class Report:
    """`report`: the sales of a day by category."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    async def prepare(self, job: Job) -> list[Row]:
        """Return the rows of the report."""
        async with self.bench.database.session() as session:
            return await session.all(self.bench.queries["report"], day=job.payload["day"])

    async def store(self, session: Session, job: Job, made: list[Row]) -> None:
        """Store the report."""
        await session.all(
            self.bench.queries["store_report"],
            job_id=job.job_id,
            day=job.payload["day"],
            body=Jsonb(made),
        )


async def advance(
    bench: Bench, session: Session, order_id: int, status: str, allowed: tuple[str, ...]
) -> None:
    """Give an order its next status, where it has one of those that come before it."""
    moved = await session.one(
        bench.queries["advance"], order_id=order_id, status=status, allowed=list(allowed)
    )
    if moved:
        bench.meter.transitions.labels(moved["before"], status).inc()
        bench.telemetry.log.info(
            "order moved on", order_id=order_id, from_status=moved["before"], to_status=status
        )


def handlers_of(bench: Bench) -> dict[str, Handler]:
    """Return what each kind of job is done by."""
    return {
        "order-confirmation": Confirmation(bench),
        "payment-capture": Capture(bench),
        "report": Report(bench),
    }


def _money(cents: int) -> str:
    return f"{cents / 100:,.2f} EUR"
