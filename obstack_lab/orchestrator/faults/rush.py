"""A rush of users that is over by itself: what sets off what stays."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_FORM = {
    "factor": Field("number", least=0.1, most=100),
    "seconds": Field("number", least=1, most=600),
}


class RushDriver:
    """Lets `factor` times as many users come for `seconds`, and then as many as before.

    Gone once the time is over.
    """

    id = "rush"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._ends: dict[str, float] = {}

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        factor, seconds = (float(injection.params[name]) for name in _FORM)
        if injection.canary not in self._ends:
            engine.load_pipe().send({"op": "rush", "factor": factor, "seconds": seconds})
            self._ends[injection.canary] = self._clock() + seconds
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        if self.residual(engine, injection):
            engine.load_pipe().send({"op": "rush", "factor": 1.0, "seconds": 0.0})
        self._ends.pop(injection.canary, None)

    def residual(self, engine: Engine, injection: Injection) -> bool:  # noqa: ARG002 - the interface
        return self._clock() < self._ends.get(injection.canary, 0.0)
