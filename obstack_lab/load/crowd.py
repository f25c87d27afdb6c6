"""Who acts at each arrival: users with identities, who walk their journeys step by step."""

from __future__ import annotations

from asyncio import Future
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import accumulate
from random import Random

from obstack_lab.errors import UsageError
from obstack_lab.load.step import STEPS, Choice, Step, choose
from obstack_lab.load.taste import Taste
from obstack_lab.scenario.model import Journey, Load

_PAUSE = (1.0, 3.0)
"""Seconds that a user thinks between two steps, at least; the next free arrival is theirs."""


@dataclass(eq=False)
class Walk:
    """One journey of one user; `results` holds what its steps have brought or will bring."""

    user: str
    journey: Journey
    taken: int = 0
    results: dict[str, Future[str]] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Intent:
    """A request that a user intends, `at` seconds after the schedule's epoch."""

    seq: int
    at: float
    walk: Walk
    step: Step
    choice: Choice


class Crowd:
    """Gives each arrival to a user. What it draws does not depend on how requests fare.

    An arrival belongs to the user who has been ready for the next step longest; when nobody is,
    one who has rested starts a journey. So the arrival rate is exactly the schedule's, and an
    order is read a few seconds after it was placed.
    """

    def __init__(self, load: Load, *, seed: int) -> None:
        check_steps(load.journeys)
        self.taste = Taste(seed)
        self._random = Random(f"users {seed}")  # noqa: S311 - a schedule is no secret
        self._journeys = load.journeys
        self._weights: list[float] = []
        self.mix({})
        self._resting = deque(user_names(load.users))
        self._random.shuffle(self._resting)
        self._thinking: list[tuple[float, int, Walk]] = []
        self._seq = 0

    def act(self, at: float) -> Intent:
        """Return what is intended at this moment; moments come in order."""
        random = self._random
        if self._thinking and (self._thinking[0][0] <= at or not self._resting):
            walk = heappop(self._thinking)[2]
        else:
            # Of those who have rested longest, so that nobody comes back at once.
            index = random.randrange((len(self._resting) + 1) // 2)
            user = self._resting[index]
            del self._resting[index]
            (journey,) = random.choices(self._journeys, cum_weights=self._weights)
            walk = Walk(user, journey)
        step = STEPS[walk.journey.steps[walk.taken]]
        choice = self.taste.of(choose(random, int(walk.user[1:])))
        pause = random.uniform(*_PAUSE)
        walk.taken += 1
        self._seq += 1
        if walk.taken < len(walk.journey.steps):
            heappush(self._thinking, (at + pause, self._seq, walk))
        else:
            self._resting.append(walk.user)
        return Intent(self._seq, at, walk, step, choice)

    def mix(self, weights: Mapping[str, float]) -> None:
        """Begin journeys by these weights from now on; by the load's own where there are none.

        Raises UsageError for a journey that is not there, and where none would be begun.
        """
        known = {journey.id: journey.weight for journey in self._journeys}
        if unknown := sorted(set(weights) - set(known)):
            raise UsageError(f"There is no journey '{unknown[0]}'. Known: {', '.join(known)}.")
        wanted = [weights.get(name, 0) if weights else own for name, own in known.items()]
        if not any(wanted):
            raise UsageError("A mix needs a journey with a weight above 0.")
        self._weights = list(accumulate(wanted))

    def acts(self, moments: Iterator[float]) -> Iterator[Intent]:
        """Return what is intended at each of these moments."""
        return map(self.act, moments)


def user_names(count: int) -> tuple[str, ...]:
    """Return the identities: `u0001` and so on."""
    width = max(4, len(str(count)))
    return tuple(f"u{number:0{width}}" for number in range(1, count + 1))


def check_steps(journeys: Sequence[Journey]) -> None:
    """Raise UsageError for a journey that no user could walk."""
    for journey in journeys:
        known: set[str] = set()
        for name in journey.steps:
            if name not in STEPS:
                raise UsageError(
                    f"Journey '{journey.id}' has a step '{name}' that the load does not know. "
                    f"Known: {', '.join(STEPS)}."
                )
            needs = STEPS[name].needs
            if needs and needs not in known:
                raise UsageError(
                    f"Journey '{journey.id}': '{name}' needs '{needs}' somewhere before it."
                )
            known.add(name)
