"""What was seen during a play, and whether the mode did what it must."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict

from obstack_lab.certify.modes import Mode
from obstack_lab.certify.play import Played, well
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.scenario.model import Scenario

STILL_RED_SECONDS = 10.0
"""At the end of a run without action users must have been unwell for this long."""


class Figures(BaseModel):
    """Measured in one mode. Times are seconds since the incident began, None: did not happen."""

    model_config = ConfigDict(frozen=True)

    success_before: float | None = None
    success_during: float | None = None
    success_after: float | None = None
    seconds_to_red: float | None = None
    seconds_to_fail: float | None = None
    seconds_to_alert: float | None = None
    seconds_to_green: float | None = None
    users_affected: int = 0
    requests_lost: int = 0
    alerts: tuple[str, ...] = ()
    phase: str = ""
    late_ms_p99: float | None = None
    steps: tuple[str, ...] = ()


class Judgement(BaseModel):
    """The verdict on one mode, with the reason in words."""

    model_config = ConfigDict(frozen=True)

    verdict: Literal["pass", "fail"]
    reason: str
    figures: Figures


class Watch:
    """Remembers what the snapshots of one play showed."""

    def __init__(self, scenario: Scenario) -> None:
        self._objective = scenario.objective.success_ratio
        self.red: float | None = None
        self.fail: float | None = None
        self.green: float | None = None
        self.last_well: float | None = None
        self.failed_criteria: set[str] = set()
        self.alerts: dict[str, float] = {}

    def see(self, snapshot: Snapshot) -> None:
        """Take in one snapshot."""
        run, impact = snapshot.run, snapshot.impact
        if run is None:
            return
        began = run.started_at
        failing = {c.id for c in snapshot.criteria if c.verdict == "fail"}
        self.failed_criteria |= failing
        if began is None:
            return
        since = run.now - began
        ratio = impact.success_ratio if impact else None
        if self.red is None and ratio is not None and ratio < self._objective:
            self.red = since
        if self.fail is None and failing:
            self.fail = since
        if well(snapshot):
            self.last_well = since
            if self.fail is not None and self.green is None:
                self.green = since
        else:
            self.green = None
        for alert in snapshot.alerts:
            if alert.state == "firing":
                self.alerts.setdefault(alert.name, since)


@dataclass(frozen=True)
class Case:
    """A play that is over, with all that was seen of it."""

    mode: Mode
    scenario: Scenario
    watch: Watch
    played: Played


def judge(case: Case, figures: Figures) -> Judgement:
    """Return the verdict on one mode."""
    trouble = {
        "healthy": _healthy,
        "no_action": _no_action,
        "reference": _solution,
        "alternative": _solution,
        "cheat": _cheat,
    }[case.mode.kind](case)
    return Judgement(
        verdict="fail" if trouble else "pass", reason=trouble or "as it must be", figures=figures
    )


def _healthy(case: Case) -> str:
    if failed := case.watch.failed_criteria:
        return f"criteria failed without a fault: {', '.join(sorted(failed))}"
    return "" if well(case.played.last) else "criteria do not all pass on the healthy system"


def _no_action(case: Case) -> str:
    watch, run, last = case.watch, case.played.run, case.played.last.run
    if watch.red is None or watch.fail is None:
        return "users did not suffer: no criterion failed"
    if silent := [name for name in case.scenario.alerts if name not in watch.alerts]:
        return f"alerts stayed silent: {', '.join(silent)}"
    if run.mitigated_at is not None:
        return "it healed itself: criteria passed with nobody acting"
    if run.started_at is None or last is None:
        return "the incident never began"
    well_for = last.now - run.started_at - (watch.last_well or 0)
    if watch.last_well is not None and well_for < STILL_RED_SECONDS:
        return "users were well again at the end with nobody acting"
    return ""


def _solution(case: Case) -> str:
    solutions = case.scenario.solutions
    known = {"reference": solutions.reference, **solutions.alternatives}
    solution = known[case.mode.name.removeprefix("alternative:")]
    if case.watch.fail is None:
        return "users did not suffer before it: no criterion failed"
    if not case.played.early:
        return f"it did not turn green before the gate of {case.scenario.certify.gate:.0f} s"
    if not solution.resolves and case.played.run.resolved_at is not None:
        return "it is declared as a mitigation only, but the cause is gone"
    return ""


def _cheat(case: Case) -> str:
    passed = case.played.run.mitigated_at is not None
    return "the cheat passed: every criterion held" if passed else ""
