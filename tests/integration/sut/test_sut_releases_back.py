"""What each release of orders, inventory and the worker does, as its metrics and logs show it."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import psutil
import pytest

pytestmark = pytest.mark.integration
ONE = {"customer_id": 7, "items": [{"product_id": 40, "quantity": 2}]}
TWO = {
    "customer_id": 7,
    "items": [{"product_id": 40, "quantity": 1}, {"product_id": 41, "quantity": 3}],
}
TURNED = {**TWO, "items": TWO["items"][::-1]}
GOLD, STANDARD = 10, 7
POPULAR = 2


@pytest.fixture(autouse=True)
def inventory(bench: Any) -> Iterator[None]:
    bench.kill("worker")
    bench.database.execute("TRUNCATE jobs, dead_letters, confirmations, captures, reports")
    bench.start("inventory", "3.1.0")
    yield
    for service in ("orders", "worker", "inventory"):
        bench.kill(service)


def together(bench: Any, *bodies: Any) -> Counter[int]:
    with ThreadPoolExecutor(len(bodies)) as users:
        answers = users.map(lambda body: bench.post("/orders", body).status_code, bodies)
        return Counter(answers)


def quote_of(bench: Any, customer: int, quantity: int = 1) -> dict[str, Any]:
    items = [{"product_id": 40, "quantity": quantity}]
    found: dict[str, Any] = bench.post("/quotes", {"customer_id": customer, "items": items}).json()
    return found


def seconds_of_cpu(bench: Any) -> float:
    times = psutil.Process(bench.pids["orders"]).cpu_times()
    return float(times.user + times.system)


def cost_of_quotes(bench: Any, release: str) -> float:
    bench.start("orders", release)
    quote_of(bench, GOLD)
    before = seconds_of_cpu(bench)
    for _ in range(5):
        assert bench.post("/quotes", TWO).status_code == 200
    return seconds_of_cpu(bench) - before


def test_orders_1_5_1_computes_quotes_much_longer(bench: Any) -> None:
    healthy = cost_of_quotes(bench, "1.4.2")
    assert cost_of_quotes(bench, "1.5.1") > 5 * max(healthy, 0.02)
    assert quote_of(bench, GOLD)["items"][0]["expected_demand"] > 0


def test_orders_1_5_2_reads_a_column_that_is_not_there(bench: Any) -> None:
    bench.start("orders", "1.5.2")
    order_id = bench.post("/orders", ONE).json()["order_id"]
    assert bench.get(f"/orders/{order_id}").status_code == 500
    assert "UndefinedColumn" in bench.log("orders")
    assert bench.get("/products/40").status_code == 200


def test_orders_1_5_3_has_the_database_work_for_each_product(bench: Any) -> None:
    def seconds(release: str) -> float:
        bench.start("orders", release)
        page = bench.get(f"/products/{POPULAR}")
        assert page.status_code == 200
        assert len(page.json().get("also_bought", range(5))) == 5
        return float(bench.metric("orders", "db_client_operation_duration_seconds_sum"))

    assert seconds("1.5.3") > 10 * seconds("1.4.2")


def memory(bench: Any) -> float:
    return float(psutil.Process(bench.pids["orders"]).memory_info().rss)


def test_orders_1_5_4_grows_with_each_page(bench: Any) -> None:
    bench.start("orders", "1.5.4")
    for _ in range(5):
        bench.get("/products/40")
    before = memory(bench)
    for _ in range(60):
        bench.get("/products/40")
    assert memory(bench) - before > 60 * 50_000


def test_orders_1_6_0_stops_for_long_collections(bench: Any) -> None:
    bench.start("orders", "1.6.0")
    for _ in range(15):
        assert bench.get("/products/40").status_code == 200
    rounds = bench.metric("orders", 'python_gc_collections_total{generation="2"}')
    assert rounds >= 2
    stopped = bench.metric("orders", 'python_gc_seconds_total{generation="2"}')
    assert stopped / rounds > 0.03


def test_orders_1_6_1_keeps_a_file_open_for_each_answer(bench: Any) -> None:
    bench.start("orders", "1.6.1")
    before = bench.metric("orders", "process_open_fds")
    for _ in range(20):
        bench.get("/products/40")
        bench.post("/orders", ONE)
    assert bench.metric("orders", "process_open_fds") - before >= 40


def test_orders_1_6_2_asks_the_database_for_each_name(bench: Any) -> None:
    def statements(release: str) -> float:
        bench.start("orders", release)
        assert bench.get("/products/40").status_code == 200
        assert bench.get("/catalogue").status_code == 200
        return float(bench.metric("orders", "db_client_operation_duration_seconds_count"))

    assert statements("1.4.2") == 2
    assert statements("1.6.2") == 2 + 1 + 12 + 20


def test_orders_1_6_3_deadlocks_where_two_orders_cross(bench: Any) -> None:
    bench.start("orders", "1.6.3", SERVICE_SETTINGS='{"db_pool_size": 16}')
    statuses: Counter[int] = Counter()
    deadline = time.monotonic() + 40
    while not statuses[503]:
        assert time.monotonic() < deadline
        statuses += together(bench, *[TWO, TURNED] * 4)
    assert statuses[201]
    assert "deadlock detected" in bench.log("orders")
    found = bench.get("/metrics").text
    assert 'error_type="40P01"' in found


def test_orders_1_6_4_gives_everybody_the_first_ones_discount(bench: Any) -> None:
    bench.start("orders", "1.4.2")
    assert quote_of(bench, GOLD)["discount_cents"] > 0
    assert quote_of(bench, STANDARD)["discount_cents"] == 0
    bench.start("orders", "1.6.4")
    assert quote_of(bench, GOLD)["discount_cents"] > 0
    assert quote_of(bench, STANDARD)["discount_cents"] > 0
    assert bench.metric("orders", 'shop_discount_cents_total{tier="standard"}') > 0


def test_orders_1_7_0_asks_itself_again_and_again(bench: Any) -> None:
    bench.start("orders", "1.7.0")
    assert bench.get(f"/products/{POPULAR}").status_code in {502, 504}
    route = "http_server_request_duration_seconds_count"
    bench.wait_until(lambda: bench.metric("orders", route) >= 9, "the pages asked for are told")
    assert bench.get("/products/4990").status_code == 200


def test_orders_1_4_2_asks_for_no_more_than_it_needs(bench: Any) -> None:
    bench.start("orders", "1.4.2")
    assert bench.post("/orders", TWO).status_code == 201
    assert bench.metric("orders", "db_client_operation_duration_seconds_count") == 3
    assert bench.metric("orders", "http_client_request_duration_seconds_count") == 1
    assert bench.metric("orders", "cache_requests_total") == 0


def test_express_checkout_serves_all_but_gold(bench: Any) -> None:
    bench.start("orders", "1.4.2", SERVICE_SETTINGS='{"express_checkout": "on"}')
    assert bench.post("/orders", {**ONE, "customer_id": STANDARD}).status_code == 201
    assert bench.post("/orders", {**ONE, "customer_id": GOLD}).status_code == 500
    assert "KeyError: 'gold'" in bench.log("orders")
    bench.configure("orders", express_checkout="off")
    assert bench.post("/orders", {**ONE, "customer_id": GOLD}).status_code == 201


def test_a_cache_spares_reads_and_is_emptied_on_request(bench: Any) -> None:
    bench.start("orders", "1.4.2", SERVICE_SETTINGS='{"cache_ttl": 60}')
    for _ in range(10):
        assert bench.get("/catalogue").status_code == 200
    hits = 'cache_requests_total{cache="catalogue",result="hit"}'
    assert bench.metric("orders", hits) == 9
    assert bench.metric("orders", "db_client_operation_duration_seconds_count") == 1
    purged = bench.http.request("DELETE", bench.url("orders", "/cache")).json()
    assert purged == {"purged": {"products": 0, "catalogue": 1}}


def test_a_statement_timeout_cancels_what_takes_too_long(bench: Any) -> None:
    bench.start("orders", "1.5.3")
    bench.configure("orders", db_statement_timeout=0.005)
    assert bench.get(f"/products/{POPULAR}").status_code == 503
    assert "statement timeout" in bench.log("orders")
    assert bench.get("/catalogue").status_code == 200


def sessions(bench: Any, service: str) -> int:
    query = "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s"
    return int(bench.count(query, service))


def test_inventory_3_1_1_leaves_sessions_behind(bench: Any) -> None:
    bench.start("inventory", "3.1.1")
    bench.wait_until(lambda: sessions(bench, "inventory") == 2, "the pool is open")
    url = bench.url("inventory", "/availability?product_id=40&product_id=41")
    with httpx.Client(timeout=20) as client:
        for _ in range(40):
            assert client.get(url).status_code == 200
    assert sessions(bench, "inventory") == 2 + 5
    query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
    assert bench.count(query) >= 5


def test_inventory_3_1_2_tells_everybody_of_the_first_ones_products(bench: Any) -> None:
    bench.start("inventory", "3.1.2")
    bench.start("orders", "1.4.2")
    assert bench.get("/products/41").json()["available"] > 0
    assert bench.get("/products/40").json()["available"] == 0
    assert bench.post("/orders", ONE).json()["items"][0]["backordered"] is True
    assert bench.metric("orders", 'shop_order_lines_total{backordered="yes"}') == 1
    bench.http.request("DELETE", bench.url("inventory", "/cache"))
    assert bench.get("/products/40").json()["available"] > 0


def test_worker_1_0_1_stands_still_at_a_job_it_cannot_do(bench: Any) -> None:
    bench.put("order-confirmation", {"order_id": 0})
    bench.put("order-confirmation", {"order_id": 9})
    bench.start("worker", "1.0.1", SERVICE_SETTINGS='{"retry_backoff": 0.05, "max_attempts": 3}')
    retried = 'jobs_processed_total{kind="order-confirmation",outcome="retried"}'
    bench.wait_until(lambda: bench.metric("worker", retried) >= 6, "it tries again and again")
    assert bench.count("SELECT count(*) FROM confirmations") == 0
    assert bench.count("SELECT count(*) FROM dead_letters") == 0
    bench.start("worker", "1.0.0", SERVICE_SETTINGS='{"lease_seconds": 1}')
    bench.database.execute("UPDATE jobs SET leased_until = NULL")
    bench.wait_until(lambda: bench.count("SELECT count(*) FROM confirmations") == 1, "it goes on")


def test_worker_1_0_2_sends_again_what_a_kill_left_on_the_queue(bench: Any) -> None:
    for number in range(15):
        bench.put("order-confirmation", {"order_id": 300 + number})
    settings = '{"lease_seconds": 1, "batch_jobs": "off"}'
    bench.start("worker", "1.0.2", SERVICE_SETTINGS=settings)
    sent = "SELECT count(*) FROM confirmations"
    bench.wait_until(lambda: bench.count(sent) == 15, "all are sent")
    assert bench.count("SELECT count(*) FROM jobs WHERE kind = 'order-confirmation'") == 15
    bench.kill("worker")
    bench.start("worker", "1.0.2", SERVICE_SETTINGS=settings)
    bench.wait_until(lambda: bench.count(sent) == 30, "all are sent again")
    bench.wait_until(
        lambda: bench.metric("worker", "confirmations_repeated ") == 15, "the metric tells"
    )
    assert bench.kill("worker", signal.SIGTERM)["code"] == 0
    assert bench.count("SELECT count(*) FROM jobs WHERE kind = 'order-confirmation'") == 0


def test_worker_1_1_0_does_batch_jobs_before_those_of_users(bench: Any) -> None:
    def first_done(release: str) -> str:
        bench.database.execute("TRUNCATE jobs, confirmations, reports")
        for _ in range(30):
            bench.put("report", {"day": "2026-01-01"}, priority=9)
        bench.put("order-confirmation", {"order_id": 500}, priority=1)
        bench.start("worker", release, SERVICE_SETTINGS='{"concurrency": 1}')
        bench.wait_until(lambda: bench.count("SELECT count(*) FROM confirmations") == 1, "sent")
        before = "made_at < (SELECT sent_at FROM confirmations)"
        reports = bench.count(f"SELECT count(*) FROM reports WHERE {before}")
        bench.kill("worker")
        return "reports" if reports > 15 else "confirmation"

    assert first_done("1.0.0") == "confirmation"
    assert first_done("1.1.0") == "reports"


def test_worker_1_1_1_leaves_sessions_behind(bench: Any) -> None:
    bench.start("worker", "1.1.1")
    for number in range(40):
        bench.put("order-confirmation", {"order_id": 700 + number})
    sent = "SELECT count(*) FROM confirmations"
    bench.wait_until(lambda: bench.count(sent) == 40, "all are sent")
    announced = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE application_name = 'worker' AND strpos(query, 'pg_notify') > 0"
    )
    assert bench.count(announced) >= 5
