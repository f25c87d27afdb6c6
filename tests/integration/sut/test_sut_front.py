"""The gateway in front of a shop that is not well, and releases of the gateway."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest

pytestmark = pytest.mark.integration
BASKET = {"customer_id": 7, "items": [{"product_id": 40, "quantity": 2}]}
TRACE = "0af7651916cd43dd8448eb211c80319c"
WAIT_SECONDS = 20


def replace_gateway(shop: Any, release: str) -> None:
    os.kill(shop.pids["gateway"], signal.SIGTERM)
    assert shop.parent.read()["pid"] == shop.pids["gateway"]
    shop.spawn("gateway", release)


def lag_rises_above(shop: Any, seconds: float, path: str) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        shop.get(path)
        if shop.metric("gateway", "event_loop_lag_seconds ") > seconds:
            return True
    return False


def test_attempts_are_seen_in_metrics_and_spans_until_the_breaker_opens(
    open_shop: Callable[..., Any], store: Any
) -> None:
    shop = open_shop()
    os.kill(shop.pids["inventory"], signal.SIGKILL)
    assert shop.parent.read()["signal"] == signal.SIGKILL
    shop.configure("gateway", orders_attempts=3, orders_retry_budget=30, orders_retry_backoff=0.01)
    answered = shop.get("/products/40", traceparent=f"00-{TRACE}-b7ad6b7169203331-01")
    assert answered.status_code == 502
    assert shop.metric("gateway", "gateway_retries_total{") == 2
    attempts = [
        attribute.value.int_value
        for _, span in store.trace(TRACE, at_least=13)
        for attribute in span.attributes
        if attribute.key == "http.request.resend_count"
    ]
    assert sorted(attempts) == [1, 2]
    assert len(store.messages("gateway", "asking again", at_least=2)) == 2

    shop.configure(
        "gateway",
        orders_attempts=1,
        orders_breaker_threshold=0.5,
        orders_breaker_min_calls=2,
        orders_breaker_open_seconds=600,
    )
    shop.get("/products/40")
    shop.get("/products/40")
    refused = shop.get("/catalogue")
    assert refused.status_code == 503
    assert "breaker" in refused.json()["detail"]
    assert refused.headers["retry-after"] == "1"
    assert shop.metric("gateway", "gateway_circuit_breaker_state{") == 2
    shop.configure("gateway", orders_breaker="closed")
    assert shop.get("/catalogue").status_code == 200


def test_who_is_not_let_in_is_told_so_at_the_door(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    asked = shop.metric("orders", "http_server_request_duration_seconds_count{")
    shop.configure("gateway", rate_limit_catalogue=0.01, shed_route="reports")
    assert shop.get("/catalogue").status_code == 200
    limited = shop.get("/catalogue")
    assert limited.status_code == 429
    assert int(limited.headers["retry-after"]) > 1
    assert shop.get("/reports/daily").status_code == 503
    assert shop.metric("orders", "http_server_request_duration_seconds_count{") == asked + 1
    assert shop.metric("gateway", "gateway_rate_limited_total{") == 1
    assert shop.metric("gateway", "gateway_shed_total{") == 1
    shop.configure("gateway", rate_limit_catalogue=0, shed_route="none")
    assert shop.get("/catalogue").status_code == 200


def test_releases_of_the_gateway_differ_in_what_they_do(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    order = shop.post("/orders", BASKET).json()["order_id"]
    replace_gateway(shop, "2.4.0")
    assert shop.get(f"/orders/{order}").status_code == 404
    assert shop.get("/catalogue").status_code == 200

    replace_gateway(shop, "2.5.0")
    assert shop.get(f"/orders/{order}").status_code == 200
    assert shop.get("/catalogue?page=1&q=warm+coat").status_code == 200
    assert shop.get("/catalogue?q=a+b(c);").status_code == 403
    long = "/catalogue?q=" + "+".join("abcdefghijklmnopqr")
    assert lag_rises_above(shop, 0.05, long)
    shop.configure("gateway", query_filter="off")
    assert shop.get("/catalogue?q=a+b(c);").status_code == 200

    replace_gateway(shop, "2.6.0")
    asked = shop.metric("orders", "http_server_request_duration_seconds_count{")
    assert shop.get("/products/40").status_code == 200
    assert shop.metric("orders", "http_server_request_duration_seconds_count{") == asked + 2
