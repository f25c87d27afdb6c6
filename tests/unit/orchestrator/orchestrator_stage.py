"""A stage without a process, a network or a clock of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp

from obstack_lab.orchestrator.api.broadcast import Broadcast
from obstack_lab.orchestrator.metrics import MetricsAway, MetricsUnknown, PrometheusAlert
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.play import Play
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.views import ImpactView, ParameterView, RunRequest
from obstack_lab.testing import MemoryEngine

HERE = Path(__file__).parent
TOKEN = "the-token-of-this-lab"
SCENARIO = "pages-stall"


class FakeClock:
    def __init__(self) -> None:
        self.now = 1_700_000_000.0

    def __call__(self) -> float:
        return self.now


class Inline(Executor):
    """Does work at once, in the caller's thread."""

    def submit(self, work: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(work(*args, **kwargs))
        return done


@dataclass
class FakeMetrics:
    """Answers by what a query contains; everything is fresh and busy unless a test says so."""

    clock: FakeClock
    success: tuple[float, ...] = (1.0,)
    traffic: tuple[float, ...] = (100.0,)
    age: float = 0.0
    fresh: bool = True
    away: bool = False
    broken: str = ""
    condition: tuple[float, ...] = ()
    active: list[PrometheusAlert] = field(default_factory=list)
    asked: int = 0

    def values(self, query: str) -> tuple[float, ...]:
        self.asked += 1
        if self.away:
            raise MetricsAway("Prometheus does not answer.")
        if query.startswith("max(timestamp("):
            return (self.clock.now - self.age,) if self.fresh else ()
        if "condition" in query:
            return self.condition
        if "requests_in_window" in query:
            return self.traffic
        if self.broken:
            raise MetricsUnknown(self.broken)
        return self.success

    def alerts(self) -> tuple[PrometheusAlert, ...]:
        if self.away:
            raise MetricsAway("Prometheus does not answer.")
        return tuple(self.active)


@dataclass
class FakeImpact:
    view: ImpactView
    began: float | None = None

    def begin(self, at: float) -> None:
        self.began = at

    def look(self, now: float) -> ImpactView:
        return self.view


class FakeSettings:
    def of(self, service: str) -> tuple[ParameterView, ...]:
        if service != "orders":
            return (ParameterView(name="log_level", kind="choice", choices=("info", "debug")),)
        return (
            ParameterView(name="db_pool_size", kind="integer", minimum=1, maximum=64, default=4),
            ParameterView(
                name="db_pool_timeout", kind="number", minimum=0.05, maximum=60, default=2.0
            ),
            ParameterView(
                name="log_level", kind="choice", choices=("info", "debug"), default="info"
            ),
        )


@dataclass
class Lab:
    """Everything a test touches."""

    clock: FakeClock
    engine: MemoryEngine
    metrics: FakeMetrics
    impact: FakeImpact
    records: Records
    orchestrator: Orchestrator
    broadcast: Broadcast

    def pass_time(self, seconds: float) -> None:
        """Let time pass, a tick a second."""
        for _ in range(int(seconds)):
            self.clock.now += 1
            self.orchestrator.tick()

    def begin(self, *, speed: float = 1) -> Play:
        """Return a run in its baseline, its criteria passing."""
        self.orchestrator.create_run(RunRequest(scenario=SCENARIO, speed=speed))
        self.pass_time(12)
        return self.orchestrator.play("current")

    def start(self, *, speed: float = 1) -> Play:
        """Return a run whose incident has begun and is felt."""
        play = self.begin(speed=speed)
        play.start()
        self.metrics.success = (0.4,)
        self.pass_time(4)
        return play


@dataclass
class Upstream:
    """Answers what the proxy asks: keeps the requests, gives the answer a test has set."""

    status: int = 200
    body: bytes = b'{"status":"success","data":{"resultType":"vector","result":[{},{}]}}'
    requests: list[httpx.Request] = field(default_factory=list)
    gone: bool = False

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.gone:
            raise httpx.ConnectError("refused")
        return httpx.Response(
            self.status, content=self.body, headers={"content-type": "application/json"}
        )


class InProcess(httpx.BaseTransport):
    """Answers requests by an ASGI application, without a network."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = httpx.ASGITransport(app)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        async def answer() -> httpx.Response:
            response = await self._app.handle_async_request(request)
            body = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=body)

        return asyncio.run(answer())
