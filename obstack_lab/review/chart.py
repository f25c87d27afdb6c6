"""The geometry of the review's charts: paths, ticks and marks; templates draw them as SVG."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from obstack_lab.review.model import Mark, Review
from obstack_lab.review.words import clock, count, duration, percent

WIDTH, HEIGHT = 760, 150
LEFT, RIGHT, TOP, BOTTOM = 52, 8, 8, 20
_MOST_POINTS = 240
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800)
_LABELS = 8
_CLOSE = 26
"""Units of the drawing below which two labels would overlap."""


@dataclass(frozen=True)
class Tick:
    """A line of the grid with its label; `anchor` keeps the label inside the drawing."""

    place: float
    label: str
    anchor: str = "middle"


@dataclass(frozen=True)
class Line:
    """A marked moment; `label` has its number of the legend, and those too close to stand alone."""

    x: float
    mark: Mark
    label: str


@dataclass(frozen=True)
class Band:
    """A stretch of downtime."""

    x: float
    width: float


@dataclass(frozen=True)
class Chart:
    """One question over the run's clock."""

    title: str
    summary: str
    path: str
    area: str
    across: tuple[Tick, ...]
    """ticks of the time axis"""
    up: tuple[Tick, ...]
    """ticks of the value axis"""
    lines: tuple[Line, ...]
    bands: tuple[Band, ...]
    limit: Tick | None = None
    """the objective"""


@dataclass(frozen=True)
class _Bin:
    at: float
    requests: int
    good: int
    p95: float | None


class _Frame:
    """Turns the run's clock and a value into places of the drawing."""

    def __init__(self, start: float, end: float, top: float) -> None:
        self.start, self.end, self.top = start, max(end, start + 1), top

    def x(self, at: float) -> float:
        share = (at - self.start) / (self.end - self.start)
        return round(LEFT + share * (WIDTH - LEFT - RIGHT), 1)

    def y(self, value: float) -> float:
        share = min(1.0, value / self.top)
        return round(HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM), 1)


def charts(review: Review) -> tuple[Chart, ...]:
    """Return the charts of a review: success ratio, p95, requests per second; none of no data."""
    series = review.series
    if not series.requests:
        return ()
    width = max(1, math.ceil(len(series.requests) / _MOST_POINTS))
    bins = list(_binned(review, width))
    limit = review.objective_latency
    slowest = max((b.p95 for b in bins if b.p95 is not None), default=0.0)
    busiest = max(b.requests / width for b in bins)
    objective = review.impact.objective
    return (
        _chart(
            review,
            "Which share of requests was answered well?",
            bins,
            lambda b: b.good / b.requests if b.requests else None,
            top=1.0,
            step=0.25,
            word=percent,
            limit=(objective, f"objective {percent(objective)}"),
        ),
        _chart(
            review,
            "How long did users wait? (95th percentile)",
            bins,
            lambda b: b.p95,
            top=max(slowest, limit) * 1.05,
            word=duration,
            limit=(limit, f"objective {duration(limit)}"),
        ),
        _chart(
            review,
            "How many requests came per second?",
            bins,
            lambda b: b.requests / width,
            top=busiest * 1.1 or 1.0,
            word=lambda value: f"{value:g}",
        ),
    )


def _binned(review: Review, width: int) -> Iterator[_Bin]:
    series = review.series
    for first in range(0, len(series.requests), width):
        part = slice(first, first + width)
        waits = [value for value in series.p95[part] if value is not None]
        yield _Bin(
            at=series.start + first + width / 2,
            requests=sum(series.requests[part]),
            good=sum(series.good[part]),
            p95=max(waits, default=None),
        )


def _chart(
    review: Review,
    title: str,
    bins: Sequence[_Bin],
    value: Callable[[_Bin], float | None],
    *,
    top: float,
    word: Callable[[float], str],
    step: float | None = None,
    limit: tuple[float, str] | None = None,
) -> Chart:
    series = review.series
    frame = _Frame(series.start, series.start + len(series.requests), top)
    values = [v for b in bins if (v := value(b)) is not None]
    path, area = _drawn(
        [(frame.x(b.at), None if (v := value(b)) is None else frame.y(v)) for b in bins]
    )
    summary = (
        f"{title} From {word(min(values))} to {word(max(values))}." if values else f"{title} –"
    )
    return Chart(
        title=title,
        summary=summary,
        path=path,
        area=area,
        across=_clock_ticks(frame),
        up=tuple(Tick(frame.y(v), word(v)) for v in _levels(top, step)),
        lines=tuple(_marked(review, frame)),
        bands=tuple(_bands(review, frame)),
        limit=Tick(frame.y(limit[0]), limit[1]) if limit else None,
    )


def _marked(review: Review, frame: _Frame) -> Iterator[Line]:
    """Yield the marks; of those that stand too close, the first carries all numbers."""
    groups: list[list[tuple[float, Mark, int]]] = []
    for number, mark in enumerate(review.marks, 1):
        if not frame.start <= mark.at <= frame.end:
            continue
        x = frame.x(mark.at)
        if groups and x - groups[-1][0][0] < _CLOSE:
            groups[-1].append((x, mark, number))
        else:
            groups.append([(x, mark, number)])
    for group in groups:
        first, last = group[0][2], group[-1][2]
        label = str(first) if first == last else f"{first}–{last}"
        for index, (x, mark, _) in enumerate(group):
            yield Line(x, mark, "" if index else label)


def _drawn(points: Sequence[tuple[float, float | None]]) -> tuple[str, str]:
    """Return the line's path and its area's; a gap in the data is a gap in both."""
    floor = HEIGHT - BOTTOM
    runs: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if y is None:
            runs.append([])
        else:
            runs[-1].append((x, y))
    lines, areas = [], []
    for run in filter(None, runs):
        ends = run if len(run) > 1 else [run[0], (run[0][0] + 0.5, run[0][1])]
        line = "L".join(f"{x:g} {y:g}" for x, y in ends)
        lines.append(f"M{line}")
        areas.append(f"M{ends[0][0]:g} {floor}L{line}L{ends[-1][0]:g} {floor}Z")
    return "".join(lines), "".join(areas)


def _clock_ticks(frame: _Frame) -> tuple[Tick, ...]:
    span = frame.end - frame.start
    step = next((step for step in _STEPS if span / step <= _LABELS), _STEPS[-1])
    first = math.ceil(frame.start / step)
    last = math.floor(frame.end / step)
    edge = WIDTH - RIGHT - _CLOSE
    return tuple(
        Tick(x, clock(n * step), "end" if x > edge else "middle")
        for n in range(first, last + 1)
        for x in [frame.x(n * step)]
    )


def _levels(top: float, step: float | None) -> list[float]:
    """Return round values from 0 up to the top, three to five of them."""
    if step is None:
        rough = top / 3
        power = 10 ** math.floor(math.log10(rough))
        step = next(power * m for m in (1, 2, 5, 10) if power * m >= rough)
    return [n * step for n in range(math.floor(top / step + 1e-9) + 1)]


def _bands(review: Review, frame: _Frame) -> Iterator[Band]:
    """Yield stretches of downtime since the incident began; neighbours as one."""
    start: float | None = None
    series = review.series
    for index, down in enumerate((*series.down, False)):
        at = series.start + index
        if down and at + 1 > 0:
            start = at if start is None else start
        elif start is not None:
            yield Band(frame.x(start), round(frame.x(at) - frame.x(start), 1))
            start = None


def legend(review: Review) -> tuple[tuple[int, Mark, str], ...]:
    """Return the numbered marks with their clock."""
    return tuple((number, mark, clock(mark.at)) for number, mark in enumerate(review.marks, 1))


def affected(review: Review) -> str:
    """Return `118 of 400`."""
    whole = review.impact.whole
    return f"{count(whole.users_affected)} of {count(review.impact.users)}"
