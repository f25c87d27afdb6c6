"""The shop works through every hop, and says truthfully what it does."""

from __future__ import annotations

import os
import re
import secrets
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration
BASKET = {
    "customer_id": 7,
    "items": [{"product_id": 40, "quantity": 2}, {"product_id": 41, "quantity": 1}],
}


def traceparent() -> tuple[str, str]:
    trace_id = secrets.token_hex(16)
    return trace_id, f"00-{trace_id}-{secrets.token_hex(8)}-01"


def test_every_endpoint_answers_through_all_hops(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    catalogue = shop.get("/catalogue?page=3")
    assert catalogue.headers["cache-control"] == "private, max-age=60"
    assert [p["product_id"] for p in catalogue.json()["products"]] == list(range(41, 61))
    product = shop.get("/products/40").json()
    assert product["product_id"] == 40
    assert product["available"] >= 0
    quote = shop.post("/quotes", BASKET).json()
    assert [line["product_id"] for line in quote["items"]] == [40, 41]
    placed = shop.post("/orders", BASKET)
    assert placed.status_code == 201
    read = shop.get(f"/orders/{placed.json()['order_id']}").json()
    assert read["total_cents"] == placed.json()["total_cents"] > 0
    assert [(i["product_id"], i["quantity"]) for i in read["items"]] == [(40, 2), (41, 1)]
    report = shop.get("/reports/daily").json()
    assert sum(row["orders"] for row in report["categories"]) > 2000
    assert shop.get("/reports/daily?date=1999-01-01").json()["categories"] == []

    assert shop.get("/products/999999").status_code == 404
    assert shop.get("/orders/999999999").status_code == 404
    assert shop.get("/products/forty").status_code == 422
    assert shop.get("/nothing").status_code == 404
    assert shop.post("/orders", {**BASKET, "customer_id": 99_999}).status_code == 404
    assert shop.post("/orders", {**BASKET, "items": []}).status_code == 422


def test_one_request_is_one_trace_from_gateway_to_sql(
    open_shop: Callable[..., Any], store: Any
) -> None:
    shop = open_shop()
    trace_id, header = traceparent()
    assert shop.get("/products/40", traceparent=header).status_code == 200
    spans = store.trace(trace_id, at_least=9)
    names = {(service, span.name) for service, span in spans}
    assert {
        ("gateway", "GET /products/{product_id}"),
        ("orders", "GET /products/{product_id}"),
        ("orders", "pool.acquire"),
        ("orders", "SELECT products"),
        ("orders", "GET /availability"),
        ("inventory", "GET /availability"),
        ("inventory", "pool.acquire"),
        ("inventory", "SELECT stock"),
    } <= names
    ids = {span.span_id for _, span in spans}
    orphans = [span.name for _, span in spans if span.parent_span_id not in ids]
    assert orphans == ["GET /products/{product_id}"]
    query = next(span for service, span in spans if span.name == "SELECT products")
    attributes = {a.key: a.value.string_value for a in query.attributes}
    assert attributes["db.system.name"] == "postgresql"
    assert attributes["db.operation.name"] == "SELECT"
    assert "FROM products" in attributes["db.query.text"]


def test_log_lines_reach_the_store_and_stderr_with_the_trace(
    open_shop: Callable[..., Any], store: Any
) -> None:
    shop = open_shop()
    trace_id, header = traceparent()
    shop.post("/orders", BASKET, traceparent=header)
    (line,) = store.messages("orders", "order placed")
    assert line["trace_id"] == trace_id
    assert line["http_route"] == "/orders"
    assert line["level"] == "info"
    resource, _, record = next(
        entry for entry in store.logs if entry[1].get("trace_id") == trace_id
    )
    assert record.trace_id.hex() == trace_id
    assert set(resource) >= {"service.name", "service.version", "service.instance.id"}
    assert '"order placed"' in (shop.folder / "orders.log").read_text()


def test_the_histogram_carries_the_trace_as_exemplar(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    trace_id, header = traceparent()
    shop.get("/catalogue", traceparent=header)
    accept = "application/openmetrics-text; version=1.0.0"
    text = shop.get("/metrics", "gateway", accept=accept).text
    pattern = (
        rf'request_duration_seconds_bucket{{.*http_route="/catalogue".*# {{trace_id="{trace_id}"'
    )
    assert re.search(pattern, text)
    assert text.endswith("# EOF\n")
    assert "exemplar" not in shop.get("/metrics", "gateway").text


def test_a_setting_acts_at_once_and_is_versioned(open_shop: Callable[..., Any], store: Any) -> None:
    shop = open_shop()
    before = shop.get("/config", "orders").json()
    assert before["version"] == 1
    assert before["settings"]["db_pool_size"] == 4
    grown = shop.configure("orders", db_pool_size=20)
    assert grown.json()["version"] == 2
    assert shop.metric("orders", "db_client_connection_max{") == 20
    shop.configure("orders", db_pool_size=2)
    assert shop.metric("orders", "db_client_connection_max{") == 2
    assert shop.get("/catalogue").status_code == 200
    deadline = time.monotonic() + 20
    while shop.metric("orders", "db_client_connection_count") > 2:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    changed = store.messages("orders", "setting changed", at_least=2)
    assert [(line["old"], line["new"]) for line in changed] == [(4, 20), (20, 2)]
    refused = shop.configure("orders", db_pool_size=65, db_pool_timeout=3)
    assert refused.status_code == 422
    assert "db_pool_size" in refused.json()["detail"]
    assert "1 to 64" in refused.json()["detail"]
    assert shop.get("/config", "orders").json()["settings"]["db_pool_timeout"] == 2.0
    schema = shop.get("/config/schema", "gateway").json()
    assert schema["properties"]["orders_timeout"]["maximum"] == 60


def test_a_timeout_below_the_zone_edge_is_a_504_and_lost_neighbours_a_502(
    open_shop: Callable[..., Any],
) -> None:
    shop = open_shop()
    shop.configure("gateway", orders_timeout=0.06)
    assert shop.get("/products/40").status_code == 504
    shop.configure("gateway", orders_timeout=5)
    shop.configure("orders", inventory_timeout=0.06)
    assert shop.get("/products/40").status_code == 504
    shop.configure("orders", inventory_timeout=3)
    os.kill(shop.pids["inventory"], signal.SIGKILL)
    assert shop.parent.read()["signal"] == signal.SIGKILL
    assert shop.get("/products/40").status_code == 502
    assert shop.get("/catalogue").status_code == 200
