"""A deployment job whose rollouts leave nobody to serve."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import LabError
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "deploy-bot"
_END_WITHIN = 60.0
_FORM = {
    "service": Field(),
    "unavailable": Field("whole number", least=1, most=20),
    "every": Field("number", least=1, most=600),
}


class RolloutDriver:
    """Rolls `service` out again `every` seconds: so many instances are `unavailable` at once.

    They are drained together, restarted one after the other, and get requests again when the last
    one is there; none comes in addition. It goes on until the job is stopped.
    """

    id = "rollout"

    def __init__(self) -> None:
        self._jobs: dict[str, _Job] = {}
        self._lock = threading.Lock()

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return (str(params["service"]),)

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        service = str(injection.params["service"])
        names = tuple(engine.weigh(service, {}))[: int(injection.params["unavailable"])]
        with self._lock:
            if injection.canary in self._jobs:
                return injection, ()
            every = float(injection.params["every"])
            self._jobs[injection.canary] = _Job(engine, service, names, every=every)
        told = f"rollout of {', '.join(names)}: surge 0, unavailable {len(names)}"
        change = ChangeEntry(at=now, who=_WHO, component=service, what="config", after=told)
        return injection, (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:  # noqa: ARG002 - the interface
        with self._lock:
            job = self._jobs.pop(injection.canary, None)
        if job is not None:
            job.end()

    def residual(self, engine: Engine, injection: Injection) -> bool:  # noqa: ARG002 - the interface
        return injection.canary in self._jobs


class _Job:
    """Rolls out until `end`; a rollout that has begun is finished, and everybody gets a share."""

    def __init__(
        self, engine: Engine, service: str, names: tuple[str, ...], *, every: float
    ) -> None:
        self._engine = engine
        self._service = service
        self._names = names
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="rollout", daemon=True)
        self._thread.start()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(_END_WITHIN)

    def _run(self) -> None:
        while not self._stop.is_set():
            with suppress(LabError):
                self._roll()
            self._stop.wait(self._every)

    def _roll(self) -> None:
        running = self._engine.weigh(self._service, {})
        names = [name for name in self._names if name in running]
        before = self._engine.weigh(self._service, dict.fromkeys(names, 0.0))
        try:
            for name in names:
                self._engine.restart(name)
        finally:
            left = self._engine.weigh(self._service, {})
            back = {name: before[name] for name in names if name in left}
            self._engine.weigh(self._service, back)
