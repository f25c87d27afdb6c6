"""Follows the ledger of a run and says what users suffer; reconciles it with Prometheus."""

from __future__ import annotations

import math
from pathlib import Path

from obstack_lab.load.impact import ImpactCounter
from obstack_lab.load.reader import LedgerTail
from obstack_lab.orchestrator.metrics import Metrics, MetricsUnknown
from obstack_lab.orchestrator.views import ImpactView, SecondView, UserTile
from obstack_lab.scenario.model import Scenario

_SUCCESS = Path(__file__).with_name("success_ratio.promql").read_text(encoding="utf-8").strip()
_SHOWN_SECONDS = 300


class LedgerImpact:
    """Counts a growing ledger, piece by piece."""

    def __init__(self, ledger: Path, scenario: Scenario) -> None:
        self._tail = LedgerTail(ledger)
        self._counter = ImpactCounter(scenario.objective, scenario.load.users)

    def begin(self, at: float) -> None:
        """Count totals from this moment on."""
        self._counter.begin(at)

    def look(self, now: float) -> ImpactView:
        """Read what is new and return the figures, Prometheus' own not among them."""
        for entry in self._tail.read():
            self._counter.add(entry)
        found = self._counter.snapshot(now, seconds=_SHOWN_SECONDS)
        return ImpactView(
            success_ratio=found.success_ratio,
            p95=found.p95,
            rate=found.rate,
            users=found.users,
            users_affected=found.users_affected,
            requests=found.requests,
            requests_lost=found.requests_lost,
            downtime=found.downtime,
            seconds=tuple(SecondView(**vars(second)) for second in found.seconds),
            tiles=tuple(UserTile(**vars(tile)) for tile in found.tiles),
        )


def past(ledger: Path, scenario: Scenario, begun: float | None, until: float) -> ImpactView:
    """Return what users suffered in a run that is over."""
    impact = LedgerImpact(ledger, scenario)
    if begun is not None:
        impact.begin(begun)
    return impact.look(until + scenario.objective.patience)


def by_prometheus(metrics: Metrics) -> float | None:
    """Return the success ratio as the services count it, or None while it is unknown.

    It differs from the ledger's by what services cannot see: users who gave up, and requests
    that never arrived.
    """
    try:
        values = metrics.values(_SUCCESS)
    except MetricsUnknown:
        return None
    return values[0] if len(values) == 1 and math.isfinite(values[0]) else None
