"""The course of a run read from its journal: when it was detected, mitigated, resolved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from obstack_lab.review.journal import (
    ActionEntry,
    AlertEntry,
    DeclareEntry,
    FaultEntry,
    JournalEntry,
    PhaseEntry,
)
from obstack_lab.review.model import Outcome, RunRecord, Times


@dataclass(frozen=True)
class Course:
    """Moments of a run, seconds since the epoch; None for what did not happen.

    `mitigated` and `resolved` are the last time, if that state was not lost again.
    """

    begin: float
    end: float
    alerted: float | None
    detected: float | None
    acknowledged: float | None
    mitigated: float | None
    resolved: float | None
    acted: float | None
    """when the action was done after which users became well"""
    relapses: int
    """how often users suffered again"""
    severity: str
    faulty: bool
    """whether a cause was set in and had not gone by the end"""

    @property
    def outcome(self) -> Outcome:
        if self.resolved is not None:
            return "resolved"
        return "unresolved" if self.mitigated is None else "mitigated"

    def since(self, at: float | None) -> float | None:
        """Return seconds since the incident began."""
        return None if at is None else round(at - self.begin, 3)

    @property
    def times(self) -> Times:
        return Times(
            alerted=self.since(self.alerted),
            detected=self.since(self.detected),
            acknowledged=self.since(self.acknowledged),
            mitigated=self.since(self.mitigated),
            resolved=self.since(self.resolved),
            ended=self.since(self.end),
        )


def course(run: RunRecord, journal: Sequence[JournalEntry]) -> Course:
    """Return the course of a run; one that never began has its end as its beginning."""
    last = journal[-1].at if journal else run.created_at
    end = run.ended_at if run.ended_at is not None else last
    begin = run.started_at if run.started_at is not None else end
    during = [entry for entry in journal if begin <= entry.at <= end]
    mitigated, resolved, relapses = _recovery(during)
    alerts = [entry for entry in during if isinstance(entry, AlertEntry)]
    declared = [entry for entry in during if isinstance(entry, DeclareEntry)]
    acknowledged = _first(alerts, "acknowledged")
    first_declared = declared[0].at if declared else None
    seen = [at for at in (acknowledged, first_declared) if at is not None]
    return Course(
        begin=begin,
        end=end,
        alerted=_first(alerts, "firing"),
        detected=min(seen, default=None),
        acknowledged=acknowledged,
        mitigated=mitigated,
        resolved=resolved,
        acted=_acted(during, mitigated),
        relapses=relapses,
        severity=declared[-1].severity if declared else "",
        faulty=_faulty(during),
    )


def _first(alerts: Sequence[AlertEntry], state: str) -> float | None:
    return next((entry.at for entry in alerts if entry.state == state), None)


def _recovery(entries: Sequence[JournalEntry]) -> tuple[float | None, float | None, int]:
    mitigated = resolved = None
    relapses = 0
    for entry in entries:
        if not isinstance(entry, PhaseEntry):
            continue
        if entry.phase == "incident":
            relapses += mitigated is not None
            mitigated = resolved = None
        elif entry.phase == "mitigated":
            mitigated, resolved = mitigated or entry.at, None
        elif entry.phase == "resolved":
            mitigated, resolved = mitigated or entry.at, entry.at
    return mitigated, resolved, relapses


def _acted(entries: Sequence[JournalEntry], mitigated: float | None) -> float | None:
    if mitigated is None:
        return None
    done = (
        entry.at
        for entry in reversed(entries)
        if isinstance(entry, ActionEntry) and entry.status == "done" and entry.at <= mitigated
    )
    return next(done, None)


def _faulty(entries: Sequence[JournalEntry]) -> bool:
    """Return whether an injection is left; the load's own phases are none."""
    left = set()
    for entry in entries:
        if isinstance(entry, FaultEntry) and entry.driver != "load":
            if entry.what in {"injected", "back"}:
                left.add(entry.id)
            else:
                left.discard(entry.id)
    return bool(left)
