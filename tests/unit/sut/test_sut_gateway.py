"""The gateway asks again, gives up, and refuses: as its settings say and not otherwise."""

from __future__ import annotations

import asyncio
import contextlib
import io
from collections.abc import Sequence
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sut.errors import (
    RateLimited,
    Shed,
    UpstreamBroken,
    UpstreamBusy,
    UpstreamError,
    UpstreamLost,
    UpstreamTimeout,
)
from sut.gateway.admission import DOORS, Admission
from sut.gateway.metrics import GatewayMetrics
from sut.gateway.orders import Orders
from sut.log import Log
from sut.metrics import Metrics
from sut.settings import GatewaySettings
from sut.telemetry import Telemetry
from sut.tracing import start_tracing
from sut.upstream import Answer

LOST = UpstreamLost("orders", "connection to orders failed: refused")
LATE = UpstreamTimeout("orders", "orders did not answer in time")
BUSY = UpstreamBusy("orders", "no free connection to orders")
GOOD = Answer(200, b"{}", "application/json")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class ScriptedOrders:
    """Answers what it was given, one after the other; then well."""

    def __init__(self, clock: Clock, outcomes: Sequence[Answer | UpstreamError | int]) -> None:
        self.calls: list[dict[str, Any]] = []
        self._clock = clock
        self._outcomes = list(outcomes)

    async def call(self, method: str, path: str, **rest: Any) -> Answer:
        self.calls.append({"method": method, "path": path, **rest})
        outcome = self._outcomes.pop(0) if self._outcomes else GOOD
        if isinstance(outcome, UpstreamTimeout):
            self._clock.now += rest["timeout"]
        if isinstance(outcome, UpstreamError):
            raise outcome
        return Answer(outcome, b"{}", "application/json") if isinstance(outcome, int) else outcome

    async def apply(self) -> None:
        return


class Gateway:
    def __init__(self, *outcomes: Answer | UpstreamError | int, **settings: Any) -> None:
        self.clock = Clock()
        self.upstream = ScriptedOrders(self.clock, outcomes)
        self.settings = GatewaySettings(**settings)
        registry = Metrics()
        self.metrics = GatewayMetrics(registry.registry)
        self.registry = registry.registry
        self.pauses: list[float] = []
        tracing = start_tracing("", {}, exporter=InMemorySpanExporter())
        self.orders = Orders(
            self.upstream,  # type: ignore[arg-type]
            settings=lambda: self.settings,
            metrics=self.metrics,
            telemetry=Telemetry(Log(io.BytesIO()), registry, tracing),
            clock=self.clock,
            wait=self._wait,
        )

    async def _wait(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.clock.now += seconds

    def set(self, **settings: Any) -> None:
        self.settings = self.settings.model_copy(update=settings)
        asyncio.run(self.orders.apply())

    def call(self, method: str = "GET") -> Answer:
        return asyncio.run(self.orders.call(method, "/catalogue", route="/catalogue"))

    def outcome(self, method: str = "GET") -> int | str:
        try:
            return self.call(method).status
        except UpstreamError as error:
            return error.kind

    def count(self, name: str) -> float:
        return self.registry.get_sample_value(name, {"server_address": "orders"}) or 0.0


def test_by_default_orders_is_asked_once_with_the_whole_timeout() -> None:
    for outcome in (LOST, LATE, 503):
        gateway = Gateway(outcome)
        gateway.outcome()
        (call,) = gateway.upstream.calls
        assert call["timeout"] == pytest.approx(5.0)
        assert call["resend"] == 0
        assert gateway.count("gateway_retries_total") == 0


def test_a_lost_or_late_attempt_is_made_again_after_a_pause() -> None:
    gateway = Gateway(
        LOST, 503, orders_attempts=3, orders_retry_budget=10, orders_retry_backoff=0.1
    )
    assert gateway.call() == GOOD
    assert [call["resend"] for call in gateway.upstream.calls] == [0, 1, 2]
    assert gateway.count("gateway_retries_total") == 2
    assert 0 <= gateway.pauses[0] <= 0.1
    assert 0 <= gateway.pauses[1] <= 0.2


@pytest.mark.parametrize("outcome", [404, 500, 429, BUSY])
def test_what_would_be_the_same_again_is_not_asked_again(outcome: UpstreamError | int) -> None:
    gateway = Gateway(outcome, orders_attempts=5, orders_retry_budget=30)
    gateway.outcome()
    assert len(gateway.upstream.calls) == 1


def test_writes_are_sent_again_only_where_that_is_set() -> None:
    careful = Gateway(LATE, orders_attempts=3, orders_retry_budget=30, orders_attempt_timeout=0.1)
    assert careful.outcome("POST") == "timeout"
    assert len(careful.upstream.calls) == 1
    bold = Gateway(
        LATE,
        orders_attempts=3,
        orders_retry_budget=30,
        orders_attempt_timeout=0.1,
        orders_retry_writes="on",
    )
    assert bold.outcome("POST") == 200
    assert len(bold.upstream.calls) == 2


def test_all_attempts_together_keep_to_the_timeout() -> None:
    gateway = Gateway(
        *[LATE] * 40,
        orders_attempts=30,
        orders_timeout=1.0,
        orders_attempt_timeout=0.3,
        orders_retry_backoff=0,
        orders_retry_budget=30,
    )
    assert gateway.outcome() == "timeout"
    assert [call["timeout"] for call in gateway.upstream.calls] == pytest.approx(
        [0.3, 0.3, 0.3, 0.1]
    )


def test_the_budget_ends_retries_before_the_attempts_do() -> None:
    gateway = Gateway(
        *[LOST] * 400, orders_attempts=10, orders_retry_budget=0.5, orders_retry_backoff=0
    )
    for _ in range(20):
        gateway.outcome()
    assert len(gateway.upstream.calls) <= 31
    assert gateway.count("gateway_retries_total") == 10
    assert gateway.count("gateway_retries_denied_total") > 0
    gateway.clock.now += 60
    gateway.outcome()
    assert gateway.count("gateway_retries_total") == 11
    gateway.set(orders_retry_budget=0.0)
    gateway.outcome()
    assert gateway.count("gateway_retries_total") == 11


BREAKER = {
    "orders_breaker_threshold": 0.5,
    "orders_breaker_min_calls": 4,
    "orders_breaker_open_seconds": 5.0,
}


def test_a_breaker_opens_lets_calls_try_and_closes() -> None:
    gateway = Gateway(200, 200, LOST, 500, LOST, **BREAKER)
    assert [gateway.outcome() for _ in range(4)] == [200, 200, "connection_error", 500]
    assert gateway.count("gateway_circuit_breaker_state") == 2
    assert gateway.outcome() == "circuit_open"
    assert len(gateway.upstream.calls) == 4
    assert gateway.count("gateway_circuit_breaker_rejections_total") == 1
    gateway.clock.now += 5
    assert gateway.outcome() == "connection_error"
    assert gateway.outcome() == "circuit_open"
    gateway.clock.now += 5
    assert gateway.outcome() == 200
    assert gateway.count("gateway_circuit_breaker_state") == 1
    assert [gateway.outcome() for _ in range(3)] == [200, 200, 200]
    assert gateway.count("gateway_circuit_breaker_state") == 0


def test_a_half_open_breaker_lets_one_call_try_at_a_time() -> None:
    gateway = Gateway(*[LOST] * 4, **BREAKER)
    for _ in range(4):
        gateway.outcome()
    gateway.clock.now += 5
    breaker = gateway.orders._breaker
    ticket = breaker.admit()
    assert ticket is not None
    assert breaker.admit() is None
    breaker.record(ticket, well=True)
    assert breaker.admit() is not None


def test_what_an_earlier_call_brings_does_not_move_a_half_open_breaker() -> None:
    gateway = Gateway(*[LOST] * 4, **BREAKER)
    early = gateway.orders._breaker.admit()
    assert early is not None
    for _ in range(4):
        gateway.outcome()
    gateway.clock.now += 5
    assert gateway.orders._breaker.admit() is not None
    gateway.orders._breaker.record(early, well=False)
    assert gateway.orders._breaker.state == "half-open"


def test_by_default_no_number_of_errors_opens_the_breaker() -> None:
    gateway = Gateway(*[500] * 200)
    assert {gateway.outcome() for _ in range(200)} == {500}
    assert gateway.count("gateway_circuit_breaker_state") == 0


def test_an_operator_holds_the_breaker_open_or_closed() -> None:
    gateway = Gateway(*[LOST] * 30, **BREAKER)
    gateway.set(orders_breaker="closed")
    assert {gateway.outcome() for _ in range(20)} == {"connection_error"}
    gateway.set(orders_breaker="open")
    assert gateway.count("gateway_circuit_breaker_state") == 2
    with pytest.raises(UpstreamBroken) as caught:
        gateway.call()
    assert caught.value.status == 503
    assert caught.value.retry_after
    gateway.set(orders_breaker="auto")
    assert gateway.outcome() == "connection_error"
    assert gateway.count("gateway_circuit_breaker_state") == 0


class Guard:
    def __init__(self, **settings: Any) -> None:
        self.clock = Clock()
        self.settings = GatewaySettings(**settings)
        self.registry = Metrics().registry
        self.admission = Admission(lambda: self.settings, GatewayMetrics(self.registry), self.clock)

    def enter(self, route: str) -> bool:
        """Return whether a request that ends at once is let in."""
        try:
            with self.admission.enter(route):
                return True
        except (RateLimited, Shed):
            return False

    def count(self, name: str, route: str) -> float | None:
        return self.registry.get_sample_value(name, {"http_route": route})


def test_every_public_route_has_a_limit_and_can_be_shed() -> None:
    names = GatewaySettings.model_fields
    for route, door in DOORS.items():
        assert f"rate_limit_{door.name}" in names
        assert not Guard(shed_route=door.name).enter(route)
        assert Guard().enter(route)


def test_over_its_rate_a_route_answers_when_to_come_again() -> None:
    guard = Guard(rate_limit_quotes=2, rate_limit_burst=2)
    assert [guard.enter("/quotes") for _ in range(5)] == [True] * 4 + [False]
    assert guard.enter("/catalogue")
    guard.clock.now += 0.5
    assert [guard.enter("/quotes") for _ in range(2)] == [True, False]
    with pytest.raises(RateLimited) as caught, guard.admission.enter("/quotes"):
        pass
    assert (caught.value.status, caught.value.retry_after) == (429, 1)
    assert guard.count("gateway_rate_limited_total", "/quotes") == 3
    assert guard.count("gateway_rate_limited_total", "/catalogue") == 0


def test_a_full_house_refuses_reports_first_and_orders_last() -> None:
    guard = Guard(max_active_requests=10)
    let_in: dict[str, int] = {}
    with contextlib.ExitStack() as house:
        for active in range(1, 12):
            let_in |= {route: active for route in DOORS if guard.enter(route)}
            if active <= 10:
                house.enter_context(guard.admission.enter("/orders"))
    assert let_in == {
        "/reports/daily": 5,
        "/catalogue": 7,
        "/products/{product_id}": 7,
        "/quotes": 9,
        "/orders/{order_id}": 9,
        "/orders": 10,
    }
    assert guard.count("gateway_shed_total", "/reports/daily") == 6


def test_heavy_routes_have_a_room_of_their_own() -> None:
    guard = Guard(max_active_quotes=1)
    with guard.admission.enter("/quotes"):
        assert not guard.enter("/quotes")
        assert guard.enter("/orders")
    assert guard.enter("/quotes")
