"""Runs that are over, and those that an orchestrator left without an end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.impact import past
from obstack_lab.orchestrator.journal import Journal
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.run import Run, outcome_of
from obstack_lab.orchestrator.views import CriterionView, ImpactView, WriteUp
from obstack_lab.review.journal import CriterionEntry, PhaseEntry, WriteUpEntry

State = Literal["new", "active", "played", "mitigated", "resolved"]
_BEST: tuple[State, ...] = ("resolved", "mitigated", "played")
_LATEST = "current"


@dataclass(frozen=True)
class Book:
    """A run and its journal."""

    run: Run
    journal: Journal


class Archive:
    """Reads the records; thread-safe."""

    def __init__(self, records: Records, ledger: Callable[[str], Path]) -> None:
        self._records = records
        self._ledger = ledger

    def book(self, run_id: str) -> Book:
        """Return a run of the records; `current` is the latest. Raises UnknownName."""
        runs = self._records.runs()
        run = next((run for run in runs if run_id in {run.id, _LATEST}), None)
        if run is None:
            if run_id == _LATEST:
                raise UnknownName(
                    "run",
                    _LATEST,
                    message="There is no run: none was played yet. Begin one in its notebook, or "
                    "with `./lab run SCENARIO`.",
                )
            raise UnknownName("run", run_id, tuple(run.id for run in runs[:5]))
        return Book(run, Journal(run.id, self._records))

    def impact(self, run: Run) -> ImpactView:
        """Return what users suffered in a run that is over, from its ledger."""
        until = run.ended_at or run.created_at
        return past(self._ledger(run.id), run.scenario, run.started_at, until)

    def criteria(self, book: Book) -> tuple[CriterionView, ...]:
        """Return the last verdicts of a run that is over."""
        last = {e.id: e for e in book.journal.all() if isinstance(e, CriterionEntry)}
        return tuple(
            CriterionView(
                id=c.id,
                title=c.title,
                verdict=last[c.id].verdict if c.id in last else "inconclusive",
                value=last[c.id].value if c.id in last else None,
                target=c.target,
                unit=c.unit,
                held=0,
                hold=c.hold,
                reason=last[c.id].reason if c.id in last else "never judged",
            )
            for c in book.run.scenario.criteria
        )

    def write_up(self, run_id: str, account: WriteUp, now: float) -> Run:
        """Take the account of a cause for a run that is over."""
        book = self.book(run_id)
        book.journal.append(WriteUpEntry(at=now, answers=account.answers, text=account.text))
        run = book.run.model_copy(update={"write_up": account})
        self._records.save(run)
        return run

    def state_of(self, scenario: str) -> State:
        """Return how far learners have come with a scenario."""
        runs = [run for run in self._records.runs() if run.scenario.id == scenario]
        if any(run.active for run in runs):
            return "active"
        reached = {run.outcome for run in runs}
        if not runs:
            return "new"
        return next((state for state in _BEST if state in reached), "played")

    def mark_interrupted(self) -> None:
        """Write the end into runs that have none: when their orchestrator was last alive."""
        for run in self._records.unfinished():
            at = self._records.last_moment(run.id) or run.created_at
            clock = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S UTC")
            reason = f"The orchestrator died at {clock}; the run ended there."
            Journal(run.id, self._records).append(PhaseEntry(at=at, phase="ended", reason=reason))
            self._records.save(
                run.model_copy(
                    update={
                        "phase": "ended",
                        "reason": reason,
                        "ended_at": at,
                        "outcome": outcome_of(run.phase),
                        "interrupted": True,
                    }
                )
            )
