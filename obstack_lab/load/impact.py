"""What users went through, counted from the ledger while it grows (design.md rule 4).

* Answered well: outcome `good`. Request lost: any other. User affected: one who lost a request.
* All times are intended times. Entries come in the order of their ends, so the newest seconds are
  not whole: a figure covers only time whose requests have all ended, which is known from gaps in
  `seq`, and at the latest once the users' patience has passed.
* Downtime: see `is_down`.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from obstack_lab.load.crowd import user_names
from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.scenario.model import Objective

WINDOW = 10.0
"""Seconds of the current figures: success ratio, p95, rate."""
TRAILING = (1, 2, 5, 10)
"""Seconds of the windows by which downtime is judged."""
FEWEST = 5
"""Requests that a window must hold to be judged."""
_SLACK = 0.5
"""Seconds that an entry may take from its outcome to its reader."""
_RECENT = 30.0
_NO_ANSWER = (Outcome.UNSENT, Outcome.UNREACHABLE)


@dataclass(frozen=True)
class Second:
    """One second of what users saw; `down` is None where traffic was too low to tell."""

    at: float
    requests: int
    good: int
    p95: float | None
    down: bool | None


@dataclass(frozen=True)
class Tile:
    """One user: how the last request ended, and how many were lost since the incident began."""

    user: str
    last: Literal["good", "lost", "none"] = "none"
    lost: int = 0


@dataclass(frozen=True)
class Impact:
    """A snapshot; ratios are None while unknown, times are seconds."""

    success_ratio: float | None
    p95: float | None
    rate: float
    users: int
    users_affected: int
    requests: int
    requests_lost: int
    downtime: float
    complete_until: float
    """Up to this intended time every outcome is known."""
    seconds: tuple[Second, ...] = ()
    tiles: tuple[Tile, ...] = ()


@dataclass(frozen=True)
class Figures:
    """Impact of a stretch of time, for comparisons: before, during, after."""

    start: float
    end: float
    requests: int
    good: int
    success_ratio: float | None
    p95: float | None
    users_affected: int
    downtime: float

    @property
    def requests_lost(self) -> int:
        """Intended and not answered well."""
        return self.requests - self.good


@dataclass
class _Bucket:
    requests: int = 0
    good: int = 0
    waits: list[float] = field(default_factory=list)

    def add(self, entry: LedgerEntry) -> None:
        self.requests += 1
        self.good += entry.outcome is Outcome.GOOD
        if (wait := waited(entry)) is not None:
            self.waits.append(wait)


_EMPTY = _Bucket()


def waited(entry: LedgerEntry) -> float | None:
    """Return how long the user waited for an answer or gave up; None where nothing answered."""
    return None if entry.outcome in _NO_ANSWER else entry.latency


def p95(values: Iterable[float]) -> float | None:
    """Return the 95th percentile by nearest rank, None of nothing."""
    ranked = sorted(values)
    return ranked[math.ceil(0.95 * len(ranked)) - 1] if ranked else None


def is_down(count: Callable[[int], tuple[int, int]], second: int, objective: float) -> bool | None:
    """Return whether a second counts as downtime; None: too little traffic to tell.

    The trailing window is the shortest of 1, 2, 5, 10 s ending with this second that holds at
    least 5 requests; the second is down when the window's success ratio is below the objective.
    `count` gives requests and good ones of a second.
    """
    requests = good = taken = 0
    for width in TRAILING:
        while taken < width:
            more, well = count(second - taken)
            requests, good, taken = requests + more, good + well, taken + 1
        if requests >= FEWEST:
            return good / requests < objective
    return None


class ImpactCounter:
    """Counts a growing ledger: `add` each entry once, in any order; `snapshot` at any time.

    Totals count from `begin`; before it, from the first entry.
    """

    def __init__(self, objective: Objective, users: int) -> None:
        self._objective = objective
        self._users = users
        self._since = -math.inf
        self._requests = self._lost = 0
        self._tiles = {name: Tile(name) for name in user_names(users)}
        self._last: dict[str, float] = {}
        self._affected: set[str] = set()
        self._buckets: dict[int, _Bucket] = {}
        self._recent: deque[LedgerEntry] = deque()
        self._known = _Frontier()
        self._seconds: list[Second] = []
        self._first: int | None = None
        self._stale: int | None = None

    def begin(self, at: float) -> None:
        """Count totals from this moment on: the incident begins. At most half a minute ago."""
        self._since = at
        self._requests = self._lost = 0
        self._affected.clear()
        self._tiles = {name: replace(tile, lost=0) for name, tile in self._tiles.items()}
        for entry in self._recent:
            self._total(entry)

    def add(self, entry: LedgerEntry) -> None:
        """Count one entry."""
        second = int(entry.intended)
        bucket = self._buckets.get(second)
        if bucket is None:
            bucket = self._buckets[second] = _Bucket()
        bucket.add(entry)
        if self._first is None or second < self._first:
            self._first, self._stale = second, second
            self._seconds.clear()
        elif second < self._first + len(self._seconds):
            self._stale = second if self._stale is None else min(self._stale, second)
        self._recent.append(entry)
        self._known.add(entry.seq, entry.intended)
        if entry.intended >= self._last.get(entry.user, -math.inf):
            self._last[entry.user] = entry.intended
            last: Literal["good", "lost"] = "good" if entry.outcome is Outcome.GOOD else "lost"
            tile = self._tiles.get(entry.user, Tile(entry.user))
            if tile.last != last:
                self._tiles[entry.user] = replace(tile, last=last)
        self._total(entry)

    def _total(self, entry: LedgerEntry) -> None:
        if entry.intended < self._since:
            return
        self._requests += 1
        if entry.outcome is not Outcome.GOOD:
            self._lost += 1
            self._affected.add(entry.user)
            tile = self._tiles.get(entry.user, Tile(entry.user))
            self._tiles[entry.user] = replace(tile, lost=tile.lost + 1)

    def snapshot(self, now: float, *, seconds: int = 900) -> Impact:
        """Return the impact as far as it is known now, with the series' last seconds."""
        complete = self._known.until(now - self._objective.patience - _SLACK)
        self._close(int(complete) if math.isfinite(complete) else 0)
        while self._recent and self._recent[0].intended < now - _RECENT:
            self._recent.popleft()
        window = [e for e in self._recent if complete - WINDOW < e.intended <= complete]
        good = sum(entry.outcome is Outcome.GOOD for entry in window)
        span = min(WINDOW, max(1.0, complete - (self._first or complete)))
        return Impact(
            success_ratio=good / len(window) if len(window) >= FEWEST else None,
            p95=p95(wait for entry in window if (wait := waited(entry)) is not None),
            rate=len(window) / span,
            users=self._users,
            users_affected=len(self._affected),
            requests=self._requests,
            requests_lost=self._lost,
            downtime=self._downtime(),
            complete_until=complete,
            seconds=tuple(self._seconds[-seconds:]) if seconds else (),
            tiles=tuple(self._tiles.values()),
        )

    def _close(self, end: int) -> None:
        """Judge the seconds before `end`; again those that an entry came for too late."""
        if self._first is None:
            return
        if self._stale is not None:
            del self._seconds[self._stale - self._first :]
            self._stale = None
        for second in range(self._first + len(self._seconds), end):
            bucket = self._buckets.get(second, _EMPTY)
            self._seconds.append(
                Second(
                    at=float(second),
                    requests=bucket.requests,
                    good=bucket.good,
                    p95=p95(bucket.waits),
                    down=is_down(self._count, second, self._objective.success_ratio),
                )
            )

    def _count(self, second: int) -> tuple[int, int]:
        bucket = self._buckets.get(second, _EMPTY)
        return bucket.requests, bucket.good

    def _downtime(self) -> float:
        return float(sum(1 for s in self._seconds if s.down and s.at + 1 > self._since))


class _Frontier:
    """Up to which intended time every entry is known: `seq` counts arrivals without a gap."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._until = -math.inf
        self._ahead: dict[int, float] = {}

    def add(self, seq: int, intended: float) -> None:
        """Note that an entry is known."""
        self._ahead[seq] = intended
        self._advance()

    def until(self, patient: float) -> float:
        """Return the frontier; whatever was intended before `patient` is not waited for."""
        passed = [seq for seq, intended in self._ahead.items() if intended <= patient]
        if passed:
            self._next = max(passed) + 1
            self._ahead = {s: i for s, i in self._ahead.items() if s >= self._next}
            self._advance()
        return max(self._until, patient)

    def _advance(self) -> None:
        while self._next is not None and self._next in self._ahead:
            self._until = max(self._until, self._ahead.pop(self._next))
            self._next += 1


def impact_between(
    entries: Iterable[LedgerEntry], start: float, end: float, *, objective: float = 0.99
) -> Figures:
    """Return the impact of what was intended from `start` to before `end`.

    Downtime counts the whole seconds that begin in the stretch; their windows reach back before
    it. `objective` is the success ratio below which a window is down.
    """
    counts: dict[int, list[int]] = {}
    inside, waits, affected = [0, 0], [], set()
    for entry in entries:
        at, good = entry.intended, entry.outcome is Outcome.GOOD
        if not start - max(TRAILING) <= at < end:
            continue
        second = counts.setdefault(int(at), [0, 0])
        second[0] += 1
        second[1] += good
        if at < start:
            continue
        inside[0] += 1
        inside[1] += good
        if not good:
            affected.add(entry.user)
        if (wait := waited(entry)) is not None:
            waits.append(wait)
    requests, well = inside
    return Figures(
        start=start,
        end=end,
        requests=requests,
        good=well,
        success_ratio=well / requests if requests else None,
        p95=p95(waits),
        users_affected=len(affected),
        downtime=float(_down_seconds(counts, start, end, objective) if requests else 0),
    )


def _down_seconds(
    counts: Mapping[int, Sequence[int]], start: float, end: float, objective: float
) -> int:
    def count(second: int) -> tuple[int, int]:
        requests, good = counts.get(second, (0, 0))
        return requests, good

    seconds = range(math.floor(start), math.ceil(end))
    return sum(is_down(count, second, objective) is True for second in seconds)
