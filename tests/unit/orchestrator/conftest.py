"""Fixtures: a lab on the in-memory engine, its API and its client."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from orchestrator_stage import (
    HERE,
    SCENARIO,
    TOKEN,
    FakeClock,
    FakeImpact,
    FakeMetrics,
    FakeSettings,
    Inline,
    InProcess,
    Lab,
    Upstream,
)
from starlette.types import ASGIApp

from obstack_lab.orchestrator.api.application import application
from obstack_lab.orchestrator.api.broadcast import Broadcast
from obstack_lab.orchestrator.boot import Boot
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.orchestrator.faults.interface import FaultDriver
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.orchestrator import LabIdentity, Orchestrator
from obstack_lab.orchestrator.play import Stage
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.views import ImpactView
from obstack_lab.orchestrator.watch import Orders
from obstack_lab.scenario.library import Library
from obstack_lab.state import LabState
from obstack_lab.testing import MemoryEngine


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def scenarios(tmp_path: Path) -> Path:
    """A library with one incident; its fault is a release."""
    folder = tmp_path / "scenarios" / SCENARIO
    folder.mkdir(parents=True)
    for name in ("scenario.yaml", "briefing.md", "explanation.md", "instructor.md"):
        (folder / name).write_text((HERE / SCENARIO / name).read_text(encoding="utf-8"))
    return folder.parent


@pytest.fixture
def change_scenario(scenarios: Path) -> Callable[[Callable[[dict[str, Any]], None]], None]:
    """Edit the scenario's YAML."""

    def change(edit: Callable[[dict[str, Any]], None]) -> None:
        path = scenarios / SCENARIO / "scenario.yaml"
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
        edit(data)
        path.write_text(yaml.safe_dump(data, sort_keys=False), encoding="utf-8")

    return change


@pytest.fixture
def drivers() -> Mapping[str, FaultDriver]:
    """Name the fault drivers there are; a test file may have more."""
    return DRIVERS


@pytest.fixture
def lab(
    tmp_path: Path, clock: FakeClock, scenarios: Path, drivers: Mapping[str, FaultDriver]
) -> Iterator[Lab]:
    engine = MemoryEngine(clock=clock)
    metrics = FakeMetrics(clock)
    impact = FakeImpact(
        ImpactView(
            success_ratio=1.0,
            p95=0.1,
            rate=20,
            users=400,
            users_affected=0,
            requests=0,
            requests_lost=0,
            downtime=0,
        )
    )
    records = Records.at(tmp_path / "records.sqlite")
    stage = Stage(
        engine=engine,
        metrics=metrics,
        records=records,
        settings=FakeSettings(),
        work=Inline(),
        clock=clock,
        impact=lambda *_: impact,
        ledger=lambda run: tmp_path / "runs" / run / "ledger.jsonl",
        drivers=drivers,
        orders=Orders(patience=0.05),
        delivery=Delivery(tmp_path / "releases", engine, lambda *_: ""),
    )
    orchestrator = Orchestrator(
        LabIdentity("0badcafe", "memory", "built-in"), stage, Library(scenarios), Boot(engine)
    )
    orchestrator.boot.run()
    yield Lab(clock, engine, metrics, impact, records, orchestrator, Broadcast())
    records.close()


@pytest.fixture
def upstream() -> Upstream:
    """Stand in for Prometheus and the telemetry store behind the proxy."""
    return Upstream()


@pytest.fixture
def app(lab: Lab, upstream: Upstream) -> ASGIApp:
    return application(
        lab.orchestrator, lab.broadcast, TOKEN, transport=httpx.MockTransport(upstream)
    )


@pytest.fixture
def web(app: ASGIApp) -> Iterator[httpx.Client]:
    """Speak plain HTTP with the API, the token in hand."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(
        transport=InProcess(app), base_url="http://127.0.0.1:1", headers=headers
    ) as web:
        yield web


@pytest.fixture
def client(app: ASGIApp) -> Iterator[Client]:
    state = LabState(
        lab_id="0badcafe",
        pid=1,
        pid_started=0,
        url="http://127.0.0.1:1",
        token=TOKEN,
        engine="memory",
        started_at=0,
    )
    with Client(state, transport=InProcess(app)) as client:
        yield client
