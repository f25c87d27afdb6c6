"""Processes that are killed, frozen, limited, or that have a hungry neighbour."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import cast

from obstack_lab.engine.interface import Component, Engine, Resource
from obstack_lab.errors import EngineError, Timeout, UnknownName
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.orchestrator.faults.reaper import Reaper
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_RESOURCES = ("open_files", "memory", "cpu")
_FORM = {
    "does": Field(choices=("kill", "pause", "crash-loop", "limit", "neighbour")),
    "component": Field(),
    "resource": Field(choices=_RESOURCES, required=False),
    "value": Field("number", required=False, least=0),
    "every": Field("number", required=False, least=0.2, most=60),
    "restart": Field("value", choices=(True, False), required=False),
    "processes": Field("whole number", required=False, least=1, most=16),
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "limit": ("resource", "value"),
    "crash-loop": ("every",),
    "neighbour": ("processes",),
}
_NEIGHBOUR = "sut.recommender"
_SEEN_WITHIN = 5.0
"""Seconds after which the engine has noticed that a process does not answer."""


class ProcessDriver:
    """Does to `component` what `does` says; gone once it runs again as it did.

    `kill` and `pause` are signals; `crash-loop` kills it as often as it comes back, `every`
    seconds; `limit` lets it have `value` of a `resource`, as a deployment does where `restart` is
    true; `neighbour` is a job of that name with
    so many `processes` that compute.
    """

    id = "process"

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._struck: dict[str, float] = {}
        self._reapers: dict[str, Reaper] = {}
        self._lifted: set[str] = set()
        self._lock = threading.Lock()

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        found = problems(_FORM, params)
        needed = _NEEDS.get(str(params.get("does")), ())
        missing = [f"needs '{name}' for {params['does']}" for name in needed if name not in params]
        return (*found, *missing)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - a death is news
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        component, params = _component(injection), injection.params
        match params["does"]:
            case "kill" | "pause":
                before = _find(engine, component).pid or 0
                engine.signal(component, "KILL" if params["does"] == "kill" else "STOP")
                self._struck[injection.canary] = self._clock()
                return replace(injection, before={"pid": before}), ()
            case "crash-loop":
                with self._lock:
                    if injection.canary not in self._reapers:
                        reaper = Reaper(engine, component, every=float(params["every"]))
                        self._reapers[injection.canary] = reaper
            case "limit":
                old = engine.limit(component, _resource(params), float(params["value"]))
                if params.get("restart"):
                    with suppress(
                        EngineError, Timeout
                    ):  # what does not come up with it is the fault
                        engine.restart(component)
                return replace(injection, before={} if old is None else {"value": old}), ()
            case _:
                engine.run_job(component, _NEIGHBOUR, [str(params["processes"])])
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        component, params = _component(injection), injection.params
        match params["does"]:
            case "kill":
                if self.residual(engine, injection):
                    engine.restart(component)
            case "pause":
                if self.residual(engine, injection):
                    engine.signal(component, "CONT")
                self._lifted.add(injection.canary)
            case "crash-loop":
                with self._lock:
                    reaper = self._reapers.pop(injection.canary, None)
                if reaper is not None:
                    reaper.end()
            case "limit":
                if self.residual(engine, injection):
                    old = injection.before.get("value")
                    engine.limit(component, _resource(params), None if old is None else float(old))
                    self._lifted.add(injection.canary)
                    if _find(engine, component).state not in {"healthy", "starting"}:
                        engine.restart(component)
            case _:
                engine.end_job(component)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        component = _component(injection)
        match injection.params["does"]:
            case "kill":
                return _find(engine, component).pid in {None, injection.before["pid"]}
            case "pause":
                return self._still_paused(_find(engine, component), injection)
            case "crash-loop":
                return injection.canary in self._reapers
            case "limit":
                return self._still_limited(engine, injection)
            case _:
                return any(each.name == component for each in engine.components())

    def _still_paused(self, found: Component, injection: Injection) -> bool:
        """Look at the state, which tells it a few seconds after the signal."""
        if found.pid != injection.before["pid"] or injection.canary in self._lifted:
            return False
        since = self._clock() - self._struck[injection.canary]
        return found.state != "healthy" or since < _SEEN_WITHIN

    def _still_limited(self, engine: Engine, injection: Injection) -> bool:
        """Ask by setting it again, which tells what was there; what was lifted stays lifted."""
        if injection.canary in self._lifted:
            return False
        component, resource = _component(injection), _resource(injection.params)
        wanted = float(injection.params["value"])
        found = engine.limit(component, resource, wanted)
        if found == wanted:
            return True
        engine.limit(component, resource, found)
        self._lifted.add(injection.canary)
        return False


def _component(injection: Injection) -> str:
    return str(injection.params["component"])


def _resource(params: Mapping[str, Scalar]) -> Resource:
    return cast("Resource", params["resource"])


def _find(engine: Engine, name: str) -> Component:
    for component in engine.components():
        for found in (component, *component.children):
            if found.name == name:
                return found
    raise UnknownName("component", name)
