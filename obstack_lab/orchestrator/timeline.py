"""A scenario's timeline during a run: what has come and what is still to come."""

from __future__ import annotations

from obstack_lab.orchestrator.run import Run
from obstack_lab.scenario.model import TimelineEvent


class Timeline:
    """Gives out each event once, when the scenario's own clock has come to it."""

    def __init__(self, events: tuple[TimelineEvent, ...]) -> None:
        self._waiting = sorted(events, key=lambda event: event.at)
        self.injections = frozenset(e.inject.id for e in events if e.inject is not None)

    def due(self, run: Run, now: float) -> tuple[TimelineEvent, ...]:
        """Return the events that are due now."""
        if not run.under_way:
            return ()
        due = []
        while self._waiting and run.due(self._waiting[0].at, now):
            due.append(self._waiting.pop(0))
        return tuple(due)
