"""Help during a run: by time, by a condition, or for a price."""

from __future__ import annotations

from collections.abc import Iterable

from obstack_lab.errors import WrongPhase
from obstack_lab.orchestrator.metrics import Metrics, is_true
from obstack_lab.orchestrator.run import Run
from obstack_lab.orchestrator.views import HintView
from obstack_lab.review.journal import HintEntry, JournalEntry


class HintDesk:
    """Knows which hints a run has shown; numbers count from 1 in the scenario's order."""

    def __init__(self, journal: Iterable[JournalEntry]) -> None:
        self._shown = {e.number: e for e in journal if isinstance(e, HintEntry)}

    def due(self, run: Run, metrics: Metrics, now: float) -> tuple[HintEntry, ...]:
        """Return the hints whose time or condition has come; who has resolved it needs none."""
        if not run.under_way or run.phase == "resolved":
            return ()
        entries = []
        for number, hint in enumerate(run.scenario.hints, start=1):
            if number in self._shown:
                continue
            if hint.trigger_after is not None and run.due(hint.trigger_after, now):
                entries.append(HintEntry(at=now, number=number, text=hint.text, why="time"))
            elif hint.when is not None and is_true(metrics, hint.when):
                entries.append(HintEntry(at=now, number=number, text=hint.text, why="condition"))
        self._shown |= {entry.number: entry for entry in entries}
        return tuple(entries)

    def buy(self, run: Run, now: float) -> HintEntry:
        """Return the next hint that can be asked for, at its price."""
        run.need_incident("A hint")
        number = self._next(run)
        if number is None:
            raise WrongPhase("There are no more hints to ask for. Others may come with time.")
        hint = run.scenario.hints[number - 1]
        entry = HintEntry(at=now, number=number, text=hint.text, cost=hint.cost, why="asked")
        self._shown[number] = entry
        return entry

    def views(self, run: Run) -> tuple[HintView, ...]:
        """Return the hints shown, in that order, then the price of the next one to ask for."""
        shown = sorted(self._shown.values(), key=lambda entry: (entry.at, entry.number))
        views = [HintView(number=e.number, text=e.text, cost=e.cost, shown_at=e.at) for e in shown]
        number = self._next(run) if run.active else None
        if number is not None:
            cost = run.scenario.hints[number - 1].cost
            views.append(HintView(number=number, text=None, cost=cost, shown_at=None))
        return tuple(views)

    def _next(self, run: Run) -> int | None:
        for number, hint in enumerate(run.scenario.hints, start=1):
            on_its_own = hint.trigger_after is not None or hint.when is not None
            if number not in self._shown and (hint.cost > 0 or not on_its_own):
                return number
        return None
