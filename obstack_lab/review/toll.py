"""What users paid: figures of each part of a run, second by second, and had you acted earlier."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from operator import attrgetter

from obstack_lab.load.impact import TRAILING, Figures, ImpactCounter, impact_between
from obstack_lab.load.ledger import LedgerEntry
from obstack_lab.review.course import Course
from obstack_lab.review.model import ImpactReview, Series, Stretch, WhatIf
from obstack_lab.review.words import counted, duration
from obstack_lab.scenario.model import Scenario

_EARLIER = 5.0
"""Seconds that an earlier moment must gain to be worth a line."""


def impact(
    entries: Sequence[LedgerEntry], course: Course, scenario: Scenario, created: float
) -> ImpactReview:
    """Return the impact of each part of the run.

    Users count as well from where the criteria began to hold: a run is called mitigated only after
    they have held for a while, and that while belongs to the time after.
    """
    objective = scenario.objective.success_ratio
    well = course.end
    if course.mitigated is not None:
        held = max(criterion.hold for criterion in scenario.criteria)
        well = max(course.begin, course.acted or course.begin, course.mitigated - held)

    def stretch(start: float, end: float) -> Stretch:
        return _stretch(_between(entries, start, end, objective))

    return ImpactReview(
        users=scenario.load.users,
        before=stretch(min(created, course.begin), course.begin),
        during=stretch(course.begin, well),
        after=None if course.mitigated is None else stretch(well, course.end),
        whole=stretch(course.begin, course.end),
        objective=objective,
    )


def _between(entries: Sequence[LedgerEntry], start: float, end: float, objective: float) -> Figures:
    """Return a stretch's figures; entries are in the order of their intended times."""
    first = bisect_left(entries, start - max(TRAILING), key=attrgetter("intended"))
    last = bisect_left(entries, end, key=attrgetter("intended"))
    return impact_between(entries[first:last], start, end, objective=objective)


def _stretch(figures: Figures) -> Stretch:
    return Stretch(
        seconds=round(figures.end - figures.start, 3),
        requests=figures.requests,
        requests_lost=figures.requests_lost,
        success_ratio=figures.success_ratio,
        p95=figures.p95,
        users_affected=figures.users_affected,
        downtime=figures.downtime,
    )


def series(entries: Sequence[LedgerEntry], course: Course, scenario: Scenario) -> Series:
    """Return what users saw, second by second, from the ledger's first second to the end."""
    counter = ImpactCounter(scenario.objective, scenario.load.users)
    inside = [entry for entry in entries if entry.intended < course.end]
    if not inside:
        return Series(start=0)
    for entry in inside:
        counter.add(entry)
    whole = counter.snapshot(course.end + scenario.objective.patience + 1, seconds=1 << 20)
    seconds = [second for second in whole.seconds if second.at < course.end]
    return Series(
        start=round(seconds[0].at - course.begin),
        requests=tuple(second.requests for second in seconds),
        good=tuple(second.good for second in seconds),
        p95=tuple(None if s.p95 is None else round(s.p95, 4) for s in seconds),
        down=tuple(second.down for second in seconds),
    )


def what_if(
    entries: Sequence[LedgerEntry], course: Course, scenario: Scenario
) -> tuple[WhatIf, ...]:
    """Return the losses, had the learner's remedy been applied at an earlier moment.

    What was lost from that moment to the real remedy is taken off; what was lost before, and
    while the system recovered after the remedy, stays. Without a remedy the users are taken to be
    well from the moment on: the best case, and the sentence says so.
    """
    acted = course.acted if course.acted is not None else course.end
    objective = scenario.objective.success_ratio
    whole = _between(entries, course.begin, course.end, objective)
    found = []
    for name, at in _moments(course):
        if not course.begin <= at < acted - _EARLIER:
            continue
        saved = _between(entries, at, acted, objective)
        lost = whole.requests_lost - saved.requests_lost
        down = max(0.0, whole.downtime - saved.downtime)
        since = at - course.begin
        best = "" if course.acted is not None else "at best "
        found.append(
            WhatIf(
                moment=name,
                at=round(since, 3),
                requests_lost=lost,
                instead_of=whole.requests_lost,
                downtime=down,
                downtime_instead_of=whole.downtime,
                sentence=(
                    f"Had you applied {_remedy(course)} {name} (after {duration(since)}), "
                    f"{best}{counted(lost, 'request')} would have been lost instead of "
                    f"{whole.requests_lost:,}, and downtime would have been {duration(down)} "
                    f"instead of {duration(whole.downtime)}."
                ),
            )
        )
    return tuple(found)


def _remedy(course: Course) -> str:
    return "your remedy" if course.acted is not None else "a remedy"


def _moments(course: Course) -> list[tuple[str, float]]:
    named = (
        ("at the first alert", course.alerted),
        ("when you detected it", course.detected),
        ("one minute earlier", None if course.acted is None else course.acted - 60),
    )
    return sorted(((name, at) for name, at in named if at is not None), key=lambda pair: pair[1])
