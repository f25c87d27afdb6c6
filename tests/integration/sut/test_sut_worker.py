"""The worker on a real queue: done once, tried again, given up, taken over, in one trace."""

from __future__ import annotations

import secrets
import signal
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.integration
BASKET = {"customer_id": 7, "items": [{"product_id": 40, "quantity": 2}]}
CONFIRMATIONS = "SELECT count(*) FROM confirmations"


@pytest.fixture(autouse=True)
def empty_queue(bench: Any) -> None:
    bench.kill("worker")
    bench.database.execute("TRUNCATE jobs, dead_letters, confirmations, captures, reports")


def wait_for(bench: Any, query: str, *parameters: Any, least: int = 1) -> None:
    bench.wait_until(lambda: bench.count(query, *parameters) >= least, query)


def test_an_order_is_confirmed_once_and_its_trace_goes_on(bench: Any, store: Any) -> None:
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": store.url}
    bench.start("inventory", "3.1.0")
    bench.start("orders", "1.4.2", JOB_QUEUE="shop", **told)
    bench.start("worker", "1.0.0", **told)
    trace_id = secrets.token_hex(16)
    traceparent = f"00-{trace_id}-{secrets.token_hex(8)}-01"
    order_id = bench.post("/orders", BASKET, traceparent=traceparent).json()["order_id"]
    wait_for(bench, f"{CONFIRMATIONS} WHERE order_id = %s", order_id)
    body, digest = bench.database.execute(
        "SELECT body, digest FROM confirmations WHERE order_id = %s", (order_id,)
    ).fetchone()
    assert str(order_id) in body
    assert len(digest) == 64
    assert bench.get(f"/orders/{order_id}").json()["status"] == "confirmed"
    assert bench.count("SELECT count(*) FROM jobs WHERE subject <> ''") == 0
    wait_for(bench, "SELECT count(*) FROM reports")
    wanted = {
        ("orders", "INSERT jobs"),
        ("worker", "process order-confirmation"),
        ("worker", "INSERT confirmations"),
    }
    bench.wait_until(
        lambda: (
            wanted
            <= {(who, span.name) for who, span in store.spans if span.trace_id.hex() == trace_id}
        ),
        "the worker's spans are in the order's trace",
    )
    assert store.messages("worker", "confirmation sent")
    assert not any(span.name == "SELECT jobs" for _, span in store.spans)
    bench.start("orders", "1.4.2")
    assert bench.post("/orders", BASKET).status_code == 201
    assert bench.count("SELECT count(*) FROM jobs WHERE subject <> ''") == 0


def test_what_cannot_be_done_is_tried_again_and_becomes_a_dead_letter(bench: Any) -> None:
    lost = bench.put("order-confirmation", {"order_id": 0})
    done = bench.put("order-confirmation", {"order_id": 9})
    bench.put("riddle", {})
    bench.start("worker", "1.0.0", SERVICE_SETTINGS='{"retry_backoff": 0.05, "max_attempts": 3}')
    wait_for(bench, f"{CONFIRMATIONS} WHERE job_id = %s", done)
    wait_for(bench, "SELECT count(*) FROM dead_letters", least=2)
    attempts, error = bench.database.execute(
        "SELECT attempts, last_error FROM dead_letters WHERE job_id = %s", (lost,)
    ).fetchone()
    assert attempts == 3
    assert "no order 0" in error
    assert bench.metric("worker", "dead_letters_total") == 2


def test_a_killed_workers_jobs_are_taken_over_and_done_once(bench: Any) -> None:
    jobs = [bench.put("order-confirmation", {"order_id": 100 + n}) for n in range(150)]
    settings = '{"concurrency": 8, "lease_seconds": 1}'
    bench.start("worker", "1.0.0", SERVICE_SETTINGS=settings)
    wait_for(bench, CONFIRMATIONS, least=5)
    bench.start("worker", "1.0.0", SERVICE_SETTINGS=settings)
    wait_for(bench, CONFIRMATIONS, least=len(jobs))
    kind = "SELECT count(*) FROM jobs WHERE kind = 'order-confirmation'"
    bench.wait_until(lambda: bench.count(kind) == 0, "the queue is empty")
    assert bench.count("SELECT count(DISTINCT job_id) FROM confirmations") == len(jobs)
    assert bench.count(CONFIRMATIONS) == len(jobs)


def test_a_worker_that_stops_gives_back_what_it_holds(bench: Any) -> None:
    with psycopg.connect(bench.database_url) as holder:
        holder.execute("LOCK TABLE confirmations IN ACCESS EXCLUSIVE MODE")
        job = bench.put("order-confirmation", {"order_id": 55})
        bench.start("worker", "1.0.0")
        wait_for(bench, "SELECT count(*) FROM jobs WHERE job_id = %s AND lease <> ''", job)
        assert bench.kill("worker", signal.SIGTERM)["code"] == 0
        row = bench.database.execute(
            "SELECT attempts, lease FROM jobs WHERE job_id = %s", (job,)
        ).fetchone()
        assert row == (0, "")


def test_urgent_jobs_come_first_and_batch_jobs_can_be_held_back(bench: Any) -> None:
    report = bench.put("report", {"day": "2026-01-01"}, priority=9)
    urgent = bench.put("order-confirmation", {"order_id": 77}, priority=1)
    bench.start("worker", "1.0.0", SERVICE_SETTINGS='{"batch_jobs": "off"}')
    wait_for(bench, f"{CONFIRMATIONS} WHERE job_id = %s", urgent)
    assert bench.count("SELECT count(*) FROM jobs WHERE job_id = %s", report) == 1
    bench.configure("worker", batch_jobs="on")
    wait_for(bench, "SELECT count(*) FROM reports WHERE job_id = %s", report)
