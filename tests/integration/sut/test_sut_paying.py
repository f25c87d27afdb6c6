"""Orders that are paid for: authorized before they are stored, captured by the worker."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

pytestmark = pytest.mark.integration
BASKET = {"customer_id": 7, "items": [{"product_id": 40, "quantity": 2}]}
KEY = "shop-key"
REPORTS_OFF = '{"batch_jobs": "off"}'


@pytest.fixture(autouse=True)
def paid_shop(bench: Any, free: int) -> Iterator[dict[str, str]]:
    bench.database.execute("TRUNCATE jobs, dead_letters, confirmations, captures, reports")
    folder = bench.folder / "tls"
    told = {
        "PAYMENTS_TLS_FOLDER": str(folder),
        "PAYMENTS_TLS_PORT": str(free),
        "PAYMENTS_API_KEY": KEY,
    }
    bench.start("payments", "1.0.0", **told)
    bench.start("inventory", "3.1.0")
    clients = {
        "PAYMENTS_URL": f"https://127.0.0.1:{free}",
        "PAYMENTS_CA": str(folder / "ca.pem"),
        "PAYMENTS_API_KEY": KEY,
        "JOB_QUEUE": "shop",
    }
    bench.start("orders", "1.4.2", **clients)
    yield clients
    for service in ("worker", "orders", "inventory", "payments"):
        bench.kill(service)


def test_an_order_is_authorized_confirmed_and_captured(
    bench: Any, paid_shop: dict[str, str]
) -> None:
    bench.start("worker", "1.0.0", SERVICE_SETTINGS=REPORTS_OFF, **paid_shop)
    placed = bench.post("/orders", BASKET).json()
    bench.wait_until(lambda: bench.count("SELECT count(*) FROM captures") == 1, "it is captured")
    row = bench.database.execute("SELECT order_id, amount_cents FROM captures").fetchone()
    assert row == (placed["order_id"], placed["total_cents"])
    assert bench.get(f"/orders/{placed['order_id']}").json()["status"] == "paid"
    moved = 'order_transitions_total{from_status="confirmed",to_status="paid"}'
    assert bench.metric("worker", moved) == 1


def test_worker_1_0_3_takes_a_paid_order_back_to_confirmed(
    bench: Any, paid_shop: dict[str, str]
) -> None:
    order_id = bench.post("/orders", BASKET).json()["order_id"]
    bench.start("worker", "1.0.3", SERVICE_SETTINGS=REPORTS_OFF, **paid_shop)
    back = 'order_transitions_total{from_status="paid",to_status="confirmed"}'
    bench.wait_until(lambda: bench.metric("worker", back) == 1, "the order goes back")
    assert bench.get(f"/orders/{order_id}").json()["status"] == "confirmed"


def test_an_order_that_payments_does_not_answer_for_is_not_stored(
    bench: Any, paid_shop: dict[str, str]
) -> None:
    before = bench.count("SELECT count(*) FROM orders")
    bench.configure("payments", quota_per_minute=0)
    assert bench.post("/orders", BASKET).status_code == 503
    bench.kill("payments")
    assert bench.post("/orders", BASKET).status_code == 502
    port = int(paid_shop["PAYMENTS_URL"].rsplit(":", 1)[1])
    with socket.create_server(("127.0.0.1", port)):
        bench.configure("orders", payments_timeout=0.1)
        assert bench.post("/orders", BASKET).status_code == 504
    assert bench.count("SELECT count(*) FROM orders") == before
    assert bench.count("SELECT count(*) FROM jobs") == 0
