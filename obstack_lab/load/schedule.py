"""When requests are due: seeded Poisson arrivals whose rate follows the load's phases.

Arrivals are a unit-rate Poisson process stretched by the integral of the rate. The random draws
therefore do not depend on the rate: another phase moves the same arrivals in time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from obstack_lab.scenario.model import LoadPhase

SLICE = 0.1
"""Seconds for which the rate is taken as constant."""
_EDGE = 0.1
"""Share of a spike that its rise takes, and its fall."""


@dataclass(frozen=True)
class Stretch:
    """A phase at its place in time: seconds since the epoch of the schedule."""

    phase: LoadPhase
    start: float
    before: float
    """The rate just before it."""

    @property
    def end(self) -> float:
        """When the next stretch begins; infinity for one that goes on for ever."""
        return self.start + self.phase.lasts if self.phase.lasts else math.inf

    def rate(self, at: float) -> float:
        """Return the intended requests per second at a moment."""
        return max(0.0, _PATTERNS[self.phase.pattern](self, at - self.start))

    @property
    def settled(self) -> float:
        """The rate that the next phase finds."""
        phase = self.phase
        if phase.pattern == "spike":
            return self.before
        if phase.pattern == "replay" and phase.rates:
            return self.rate(self.end - SLICE / 2) if phase.lasts else phase.rates[-1]
        return phase.rate


def _steady(stretch: Stretch, _after: float) -> float:
    return stretch.phase.rate


def _ramp(stretch: Stretch, after: float) -> float:
    """Straight from the rate before to `rate`, in `lasts` (the last phase: in `period`)."""
    phase = stretch.phase
    share = min(1.0, after / (phase.lasts or phase.period))
    return stretch.before + (phase.rate - stretch.before) * share


def _spike(stretch: Stretch, after: float) -> float:
    """Up to `rate`, and back to the rate before, within `lasts` (the last phase: `period`)."""
    phase = stretch.phase
    share = after / (phase.lasts or phase.period)
    height = max(0.0, min(1.0, share / _EDGE, (1.0 - share) / _EDGE))
    return stretch.before + (phase.rate - stretch.before) * height


def _sine(stretch: Stretch, after: float) -> float:
    phase = stretch.phase
    return phase.rate * (1.0 + phase.amplitude * math.sin(2.0 * math.pi * after / phase.period))


def _replay(stretch: Stretch, after: float) -> float:
    """One rate a second, from the beginning again at the end; without `rates`, steady."""
    rates = stretch.phase.rates
    return rates[int(after) % len(rates)] if rates else stretch.phase.rate


_PATTERNS: dict[str, Callable[[Stretch, float], float]] = {
    "steady": _steady,
    "ramp": _ramp,
    "spike": _spike,
    "sine": _sine,
    "replay": _replay,
}


def lay_out(
    phases: Sequence[LoadPhase], *, start: float = 0.0, before: float = 0.0
) -> list[Stretch]:
    """Put phases one after the other; what follows one without an end is never reached."""
    stretches: list[Stretch] = []
    for phase in phases:
        stretch = Stretch(phase, start, before)
        stretches.append(stretch)
        start, before = stretch.end, stretch.settled
        if start == math.inf:
            break
    return stretches


class Schedule:
    """A stream of arrival times; the same seed and phases give the same times, bit for bit."""

    def __init__(self, phases: Sequence[LoadPhase], *, seed: int) -> None:
        self._stretches = lay_out(phases)
        self._factor = 1.0
        self._rush = 1.0
        self._rush_ends = 0.0
        self._random = Random(f"arrivals {seed}")  # noqa: S311 - a schedule is no secret
        self._slice = 0
        self._owed = self._random.expovariate(1.0)

    @property
    def horizon(self) -> float:
        """Up to here the arrivals have been handed out."""
        return self._slice * SLICE

    def rate(self, at: float) -> float:
        """Return the intended requests per second at a moment, 0 before the start."""
        rush = self._rush if at < self._rush_ends else 1.0
        return self._factor * rush * self._planned(at)

    def until(self, moment: float) -> Iterator[float]:
        """Yield the arrivals from the horizon to `moment` (rounded up to a whole slice)."""
        while self.horizon < moment:
            start = self.horizon
            rate = self.rate(start + SLICE / 2)
            self._slice += 1
            if rate <= 0:
                continue
            at = start
            while self._owed <= rate * (start + SLICE - at):
                at += self._owed / rate
                self._owed = self._random.expovariate(1.0)
                yield at
            self._owed -= rate * (start + SLICE - at)

    def replace(self, phase: LoadPhase) -> None:
        """Follow this phase from the horizon on, instead of what was planned."""
        now = self.horizon
        self._stretches = [
            *(s for s in self._stretches if s.start < now),
            *lay_out([phase], start=now, before=self._planned(now)),
        ]

    def surge(self, factor: float) -> None:
        """Let so many times as many come from the horizon on; 1 is what the phases say."""
        self._factor = factor

    def rush(self, factor: float, seconds: float) -> None:
        """Let so many times as many come for so long, from the horizon on; then as before."""
        self._rush, self._rush_ends = factor, self.horizon + seconds

    def _planned(self, at: float) -> float:
        return next((s.rate(at) for s in reversed(self._stretches) if at >= s.start), 0.0)
