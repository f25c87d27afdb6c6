"""Orders as the gateway asks it: again where that may help, not at all behind an open breaker."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from opentelemetry import trace

from sut.breaker import Breaker, BreakerPolicy, State
from sut.errors import UpstreamBroken, UpstreamBusy, UpstreamError
from sut.gateway.metrics import BREAKER_STATES, GatewayMetrics
from sut.retry import STATUSES, RetryBudget, RetryPolicy, backoff, pause
from sut.service import Runtime
from sut.settings import GatewaySettings
from sut.telemetry import Telemetry
from sut.upstream import Answer, Limits, Upstream
from sut.window import Clock

NAME = "orders"
SHORTEST = 0.001
"""Seconds an attempt gets at least: 0 would mean no limit."""


@dataclass(frozen=True)
class _Request:
    method: str
    path: str
    route: str
    body: bytes | None
    headers: Mapping[str, str]


class Orders:
    """The client of orders with the gateway's patience; a part of the gateway."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        settings: Callable[[], GatewaySettings],
        metrics: GatewayMetrics,
        telemetry: Telemetry,
        clock: Clock = time.monotonic,
        wait: Callable[[float], Awaitable[None]] = pause,
    ) -> None:
        self._upstream = upstream
        self._settings = settings
        self._metrics = metrics
        self._log = telemetry.log
        self._clock = clock
        self._wait = wait
        self._chance = random.Random()  # noqa: S311 spreads retries, guards nothing
        self._budget = RetryBudget(lambda: settings().orders_retry_budget, clock)
        self._breaker = Breaker(lambda: _breaker_policy(settings()), self._breaker_changed, clock)
        for counter in (metrics.retries, metrics.retries_denied, metrics.breaker_rejections):
            counter.labels(NAME)
        metrics.breaker_state.labels(NAME).set(BREAKER_STATES["closed"])

    async def open(self) -> None:
        """Make the client."""
        await self._upstream.open()
        self._breaker.apply()

    async def apply(self) -> None:
        """Take over changed settings."""
        await self._upstream.apply()
        self._breaker.apply()

    async def ready(self) -> str:
        """Return `''`: the gateway is ready though orders is not."""
        return await self._upstream.ready()

    async def close(self) -> None:
        """Close every connection."""
        await self._upstream.close()

    async def call(
        self,
        method: str,
        path: str,
        *,
        route: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Return the answer of the last attempt, whatever its status, or raise its UpstreamError.

        Raise UpstreamBroken where the breaker lets nothing through.
        """
        policy = _retry_policy(self._settings())
        request = _Request(method, path, route, body, headers or {})
        deadline = self._clock() + policy.timeout
        self._budget.request()
        attempt = 0
        while True:
            attempt += 1
            left = max(deadline - self._clock(), SHORTEST)
            outcome = await self._attempt(request, attempt, policy.patience(left))
            if not (
                _may_improve(outcome)
                and policy.covers(method)
                and attempt < policy.attempts
                and await self._goes_on(policy, attempt, deadline, outcome)
            ):
                break
        if attempt > 1:
            trace.get_current_span().set_attribute("request.attempts", attempt)
        if isinstance(outcome, UpstreamError):
            raise outcome
        return outcome

    async def _attempt(
        self,
        request: _Request,
        attempt: int,
        timeout: float,  # noqa: ASYNC109 handed on to the client, which keeps to it
    ) -> Answer | UpstreamError:
        ticket = self._breaker.admit()
        if ticket is None:
            self._metrics.breaker_rejections.labels(NAME).inc()
            return UpstreamBroken(NAME, f"the circuit breaker of {NAME} is open")
        well = False
        try:
            answer = await self._upstream.call(
                request.method,
                request.path,
                route=request.route,
                body=request.body,
                headers=request.headers,
                timeout=timeout,
                resend=attempt - 1,
            )
            well = answer.status < 500
        except UpstreamError as error:
            well = isinstance(error, UpstreamBusy)
            return error
        else:
            return answer
        finally:
            self._breaker.record(ticket, well=well)

    async def _goes_on(
        self, policy: RetryPolicy, attempt: int, deadline: float, outcome: Answer | UpstreamError
    ) -> bool:
        """Wait until the next attempt; False where there is no time or budget for it."""
        seconds = backoff(policy, attempt, self._chance)
        if self._clock() + seconds >= deadline:
            return False
        if not self._budget.spend():
            self._metrics.retries_denied.labels(NAME).inc()
            return False
        self._metrics.retries.labels(NAME).inc()
        self._log.warning(
            "asking again",
            server_address=NAME,
            attempt=attempt,
            error_type=outcome.kind if isinstance(outcome, UpstreamError) else str(outcome.status),
            pause_ms=round(seconds * 1000, 1),
        )
        await self._wait(seconds)
        return True

    def _breaker_changed(self, state: State) -> None:
        self._metrics.breaker_state.labels(NAME).set(BREAKER_STATES[state])
        self._log.warning("circuit breaker changed", server_address=NAME, state=state)


def open_orders(runtime: Runtime[GatewaySettings], metrics: GatewayMetrics) -> Orders:
    """Return the client of orders, not opened yet."""
    environment, config = runtime.environment, runtime.config

    def limits() -> Limits:
        settings = config.current
        return Limits(
            timeout=settings.orders_timeout,
            connections=settings.orders_max_connections,
            connection_timeout=settings.orders_connection_timeout,
        )

    url = environment.require("ORDERS_URL", environment.orders_url)
    upstream = Upstream(NAME, url, telemetry=runtime.telemetry, limits=limits)
    return Orders(
        upstream,
        settings=lambda: config.current,
        metrics=metrics,
        telemetry=runtime.telemetry,
    )


def _may_improve(outcome: Answer | UpstreamError) -> bool:
    if isinstance(outcome, UpstreamError):
        return not isinstance(outcome, UpstreamBusy | UpstreamBroken)
    return outcome.status in STATUSES


def _retry_policy(settings: GatewaySettings) -> RetryPolicy:
    return RetryPolicy(
        attempts=settings.orders_attempts,
        timeout=settings.orders_timeout,
        attempt_timeout=settings.orders_attempt_timeout,
        backoff=settings.orders_retry_backoff,
        writes=settings.orders_retry_writes == "on",
    )


def _breaker_policy(settings: GatewaySettings) -> BreakerPolicy:
    return BreakerPolicy(
        mode=settings.orders_breaker,
        threshold=settings.orders_breaker_threshold,
        min_calls=settings.orders_breaker_min_calls,
        window=settings.orders_breaker_window,
        open_seconds=settings.orders_breaker_open_seconds,
    )
