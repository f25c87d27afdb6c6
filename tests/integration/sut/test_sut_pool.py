"""What the database pool does under many checkouts at once, release by release."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

pytestmark = pytest.mark.integration
AT_ONCE = 24
BASKET = {
    "customer_id": 9,
    "items": [{"product_id": 50, "quantity": 1}, {"product_id": 61, "quantity": 1}],
}


def check_out_together(shop: Any) -> tuple[Counter[int], float]:
    """Return the statuses of many checkouts sent at once, and the most that waited meanwhile."""
    with ThreadPoolExecutor(AT_ONCE) as users:
        answers = [users.submit(shop.post, "/orders", BASKET) for _ in range(AT_ONCE)]
        waiting = 0.0
        while not all(answer.done() for answer in answers):
            waiting = max(waiting, shop.metric("orders", "db_client_connection_pending_requests{"))
            time.sleep(0.02)
        return Counter(answer.result().status_code for answer in answers), waiting


def test_1_4_2_serves_them_all(open_shop: Callable[..., Any]) -> None:
    shop = open_shop("1.4.2")
    shop.configure("orders", db_pool_timeout=3)
    statuses, _ = check_out_together(shop)
    assert statuses == {201: AT_ONCE}
    assert shop.metric("orders", "db_client_connection_timeouts_total") == 0


def longest_wait(store: Any, *, above: float) -> float:
    """Return the longest wait for a connection that spans tell, in seconds.

    Spans come in batches of their own: look again until one is above, for twenty seconds.
    """
    deadline = time.monotonic() + 20
    while True:
        waits = [span for _, span in list(store.spans) if span.name == "pool.acquire"]
        took = (span.end_time_unix_nano - span.start_time_unix_nano for span in waits)
        longest = max(took, default=0) / 1e9
        if longest > above or time.monotonic() > deadline:
            return longest
        time.sleep(0.05)


def test_1_5_0_runs_dry_and_a_larger_pool_serves_them_all(
    open_shop: Callable[..., Any], store: Any
) -> None:
    shop = open_shop("1.5.0")
    shop.configure("orders", db_pool_timeout=1)
    statuses, waiting = check_out_together(shop)
    assert statuses[503] >= AT_ONCE // 6
    assert statuses[201] >= 4
    assert waiting > 4
    assert shop.metric("orders", "db_client_connection_timeouts_total") == statuses[503]
    lines = store.messages("orders", "pool timeout", at_least=statuses[503])
    assert len(lines) == statuses[503]
    assert lines[0]["pool_size"] == lines[0]["used"] == 4
    assert longest_wait(store, above=0.9) > 0.9

    shop.configure("orders", db_pool_size=20, db_pool_timeout=5)
    statuses, _ = check_out_together(shop)
    assert statuses == {201: AT_ONCE}


def test_a_full_queue_is_refused_at_once(open_shop: Callable[..., Any], store: Any) -> None:
    shop = open_shop("1.5.0")
    shop.configure("orders", db_pool_max_waiting=2, db_pool_timeout=5)
    statuses, _ = check_out_together(shop)
    assert statuses[503] > 0
    assert store.messages("orders", "pool queue full")


def test_every_release_places_orders(open_shop: Callable[..., Any]) -> None:
    shop = open_shop("1.4.1")
    assert shop.post("/orders", BASKET).status_code == 201


def test_connections_are_made_when_they_are_needed_and_for_those_who_wait_already(
    bench: Any,
) -> None:
    bench.start("inventory", "3.1.0")
    bench.start("orders", "1.4.2")
    sessions = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'orders'"
    bench.wait_until(lambda: bench.count(sessions) == 2, "the pool is open")
    with ThreadPoolExecutor(8) as users:
        with psycopg.connect(bench.database_url) as holder:
            holder.execute("LOCK TABLE products IN ACCESS EXCLUSIVE MODE")
            bench.configure("orders", db_pool_timeout=20)
            answers = [users.submit(bench.get, "/catalogue") for _ in range(8)]
            pending = "db_client_connection_pending_requests{"
            bench.wait_until(lambda: bench.metric("orders", pending) == 4, "four of eight wait")
            assert bench.count(sessions) == 4
            bench.configure("orders", db_pool_size=8)
            bench.wait_until(lambda: bench.metric("orders", pending) == 0, "nobody waits")
            assert bench.count(sessions) == 8
        assert {answer.result().status_code for answer in answers} == {200}
    bench.configure("orders", db_pool_size=2)
    bench.wait_until(lambda: bench.count(sessions) == 2, "the larger pool is gone")
