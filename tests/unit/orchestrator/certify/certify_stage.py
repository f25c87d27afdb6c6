"""A system that breaks in memory: its users suffer as the mechanism says, a second at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from orchestrator_stage import InProcess, Lab
from starlette.types import ASGIApp

from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.metrics import PrometheusAlert
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.state import LabState

WELL, ILL = 1.0, 0.4
BAD_RELEASE = "1.5.0"
ENOUGH = 20
ALERT_AFTER = 8
LATE = LedgerEntry(
    seq=1,
    user="u1",
    journey="browse",
    step="catalogue",
    method="GET",
    route="/catalogue",
    intended=0.0,
    sent=0.4,
    latency=0.5,
    status=200,
    outcome=Outcome.GOOD,
)


@dataclass
class Physics:
    """The pool runs dry under the bad release unless it is large; the dead answer nobody."""

    lab: Lab
    ill_for: int = 0
    alert_names: tuple[str, ...] = ("ServiceFailing",)

    def second(self) -> None:
        """Let one second pass in the system under test."""
        engine, metrics = self.lab.engine, self.lab.metrics
        states = {component.name: component.state for component in engine.components()}
        broken = any(states.get(name) != "healthy" for name in ("gateway", "orders", "postgres"))
        bad = engine.releases("orders")[-1] == BAD_RELEASE
        ill = not broken and bad and int(engine.config("orders")["db_pool_size"]) < ENOUGH
        visible = states.get("prometheus") == "healthy"
        metrics.fresh = visible
        metrics.away = not visible
        metrics.traffic = (100.0,) if states.get("load") == "healthy" else ()
        metrics.success = (ILL if ill or broken else WELL,)
        rate = 20 if states.get("load") == "healthy" else 0
        self.lab.impact.view = self.lab.impact.view.model_copy(
            update={"success_ratio": metrics.success[0] if rate else None, "rate": rate}
        )
        self.ill_for = self.ill_for + 1 if ill or broken else 0
        fires = self.ill_for >= ALERT_AFTER
        metrics.active = [_alert(name, self.lab.clock.now) for name in self.alert_names if fires]


def _alert(name: str, now: float) -> PrometheusAlert:
    return PrometheusAlert(name=name, state="firing", since=now)


class SteppedClient(Client):
    """The orchestrator's client, whose events come as fast as they can be computed."""

    def __init__(self, lab: Lab, app: ASGIApp, physics: Physics) -> None:
        state = LabState(
            lab_id="0badcafe",
            pid=1,
            pid_started=0,
            url="http://127.0.0.1:1",
            token="the-token-of-this-lab",
            engine="memory",
            started_at=0,
        )
        super().__init__(state, transport=InProcess(app))
        self._lab = lab
        self._physics = physics

    def events(self, **_: Any) -> Iterator[Snapshot]:
        while True:
            self._lab.clock.now += 1
            self._physics.second()
            self._lab.orchestrator.tick()
            yield self._lab.orchestrator.snapshot()


@dataclass
class MemoryStage:
    """Where plays take place without a process."""

    lab: Lab
    app: ASGIApp
    physics: Physics
    cleared: int = 0
    busy_for: int = 0
    """how many plays meet a machine on which requests leave late"""

    def client(self) -> Client:
        return SteppedClient(self.lab, self.app, self.physics)

    def clear(self) -> None:
        self.cleared += 1
        self.lab.engine.stop()
        self.lab.orchestrator.boot.run()

    def ledger(self, run: str) -> Sequence[LedgerEntry]:
        self.busy_for -= 1
        return (LATE,) if self.busy_for >= 0 else ()
