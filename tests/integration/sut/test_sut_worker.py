"""The worker on a real queue: done once, tried again, given up, taken over, in one trace."""

from __future__ import annotations

import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

pytestmark = pytest.mark.integration
BASKET = {"customer_id": 7, "items": [{"product_id": 40, "quantity": 2}]}
SECONDS = 30


class Line:
    """A shop whose orders leave work, and the database behind it."""

    def __init__(self, shop: Any, database: psycopg.Connection, port: int) -> None:
        self.shop = shop
        self.database = database
        self.shop.ports["worker"] = port

    def with_queue(self) -> None:
        """Start orders again, told that there is a queue."""
        os.kill(self.shop.pids["orders"], signal.SIGKILL)
        self.shop.parent.read()
        self.shop.variables["JOB_QUEUE"] = "shop"
        self.shop.spawn("orders", "1.4.2")

    def work(self, release: str = "1.0.0", **settings: Any) -> None:
        self.shop.variables["SERVICE_SETTINGS"] = "{}"
        self.shop.spawn("worker", release)
        if settings:
            assert self.shop.configure("worker", **settings).status_code == 200

    def put(self, kind: str, payload: Any, **columns: Any) -> int:
        values = {"kind": kind, "payload": Jsonb(payload), **columns}
        names = ", ".join(values)
        marks = ", ".join(f"%({name})s" for name in values)
        row = self.database.execute(
            f"INSERT INTO jobs ({names}) VALUES ({marks}) RETURNING job_id",
            values,
        ).fetchone()
        assert row
        return int(row[0])

    def count(self, query: str, *parameters: Any) -> int:
        row = self.database.execute(query, parameters).fetchone()  # type: ignore[arg-type]
        return int(row[0]) if row else 0

    def wait(self, query: str, *parameters: Any, least: int = 1) -> int:
        """Wait until a count is reached."""
        deadline = time.monotonic() + SECONDS
        while (found := self.count(query, *parameters)) < least:
            assert time.monotonic() < deadline, (
                query,
                found,
                (self.shop.folder / "worker.log").read_text()[-3000:],
            )
            time.sleep(0.05)
        return found


@pytest.fixture
def line(open_shop: Callable[..., Any], postgres: str, free: int) -> Iterator[Line]:
    with psycopg.connect(postgres, autocommit=True) as database:
        database.execute("TRUNCATE jobs, dead_letters, confirmations, captures, reports")
        yield Line(open_shop(), database, free)


def test_an_order_is_confirmed_once_and_its_trace_goes_on(line: Line, store: Any) -> None:
    line.with_queue()
    line.work()
    trace_id = secrets.token_hex(16)
    placed = line.shop.post(
        "/orders", BASKET, traceparent=f"00-{trace_id}-{secrets.token_hex(8)}-01"
    ).json()
    order_id = placed["order_id"]
    line.wait("SELECT count(*) FROM confirmations WHERE order_id = %s", order_id)
    body = line.database.execute(
        "SELECT body, digest FROM confirmations WHERE order_id = %s", (order_id,)
    ).fetchone()
    assert body
    assert str(order_id) in body[0]
    assert len(body[1]) == 64
    assert line.shop.get(f"/orders/{order_id}").json()["status"] == "confirmed"
    assert line.count("SELECT count(*) FROM jobs WHERE subject <> ''") == 0
    line.wait("SELECT count(*) FROM reports")
    spans = store.trace(trace_id, at_least=16)
    names = {(service, span.name) for service, span in spans}
    assert ("orders", "INSERT jobs") in names
    assert ("worker", "process order-confirmation") in names
    assert ("worker", "INSERT confirmations") in names
    assert store.messages("worker", "confirmation sent")
    assert line.shop.metric("worker", "jobs_processed_total") >= 1
    assert not any(span.name == "SELECT jobs" for _, span in store.spans)


def test_without_a_queue_orders_leaves_nothing(line: Line) -> None:
    assert line.shop.post("/orders", BASKET).status_code == 201
    assert line.count("SELECT count(*) FROM jobs") == 0


def test_what_cannot_be_done_is_tried_again_and_becomes_a_dead_letter(line: Line) -> None:
    lost = line.put("order-confirmation", {"order_id": 0})
    done = line.put("order-confirmation", {"order_id": 9})
    line.put("riddle", {})
    line.work(retry_backoff=0.05, max_attempts=3)
    line.wait("SELECT count(*) FROM confirmations WHERE job_id = %s", done)
    line.wait("SELECT count(*) FROM dead_letters", least=2)
    row = line.database.execute(
        "SELECT attempts, last_error FROM dead_letters WHERE job_id = %s", (lost,)
    ).fetchone()
    assert row
    assert row[0] == 3
    assert "no order 0" in row[1]
    assert line.shop.metric("worker", "dead_letters_total") == 2


def test_a_killed_workers_jobs_are_taken_over_and_done_once(line: Line) -> None:
    jobs = [line.put("order-confirmation", {"order_id": 100 + n}) for n in range(200)]
    line.work(concurrency=8, lease_seconds=1)
    line.wait("SELECT count(*) FROM confirmations", least=5)
    os.kill(line.shop.pids["worker"], signal.SIGKILL)
    line.shop.parent.read()
    line.work(concurrency=8)
    line.wait("SELECT count(*) FROM confirmations", least=len(jobs))
    line.wait("SELECT count(*) = 0 FROM jobs WHERE kind = 'order-confirmation'")
    assert line.count("SELECT count(DISTINCT job_id) FROM confirmations") == len(jobs)
    assert line.count("SELECT count(*) FROM confirmations") == len(jobs)


def test_a_worker_that_stops_gives_back_what_it_holds(line: Line, postgres: str) -> None:
    with psycopg.connect(postgres) as holder:
        holder.execute("LOCK TABLE confirmations IN ACCESS EXCLUSIVE MODE")
        job = line.put("order-confirmation", {"order_id": 55})
        line.work()
        line.wait("SELECT count(*) FROM jobs WHERE job_id = %s AND lease <> ''", job)
        os.kill(line.shop.pids["worker"], signal.SIGTERM)
        assert line.shop.parent.read()["code"] == 0
        row = line.database.execute(
            "SELECT attempts, lease FROM jobs WHERE job_id = %s", (job,)
        ).fetchone()
        assert row == (0, "")


def test_urgent_jobs_come_first_and_batch_jobs_can_be_held_back(line: Line) -> None:
    line.work(batch_jobs="off", concurrency=1)
    report = line.put("report", {"day": "2026-01-01"}, priority=9)
    urgent = line.put("order-confirmation", {"order_id": 77}, priority=1)
    line.wait("SELECT count(*) FROM confirmations WHERE job_id = %s", urgent)
    assert line.count("SELECT count(*) FROM jobs WHERE job_id = %s", report) == 1
    line.shop.configure("worker", batch_jobs="on")
    line.wait("SELECT count(*) FROM reports WHERE job_id = %s", report)
