"""Breaks a system by hand: faults of the catalogue, set in and taken back by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from obstack_lab.engine.interface import Component, Engine
from obstack_lab.errors import ActionError, EngineError, UsageError
from obstack_lab.orchestrator.faults.catalogue import Catalogue, Fault
from obstack_lab.orchestrator.faults.interface import FaultDriver
from obstack_lab.orchestrator.faults.plane import FaultPlane
from obstack_lab.orchestrator.views import FaultView
from obstack_lab.review.journal import ChangeEntry, MessageEntry
from obstack_lab.scenario.model import Inject, Load, Scalar

_WHO = "sandbox"
Params = Mapping[str, Scalar]


class Hand:
    """The hand of one sandbox; thread-safe as the plane is."""

    def __init__(
        self,
        plane: FaultPlane,
        engine: Engine,
        drivers: Mapping[str, FaultDriver],
        *,
        catalogue: Callable[[], Catalogue],
        clock: Callable[[], float],
        write: Callable[[ChangeEntry | MessageEntry], object],
    ) -> None:
        self._plane = plane
        self._engine = engine
        self._drivers = drivers
        self._catalogue = catalogue
        self._clock = clock
        self._write = write

    def wanted(self, name: str, params: Params) -> tuple[Fault, tuple[Inject, ...]]:
        """Return a fault and its injections with parameters of one's own; raise what is wrong."""
        fault = self._catalogue().get(name)
        if self.standing(fault):
            raise UsageError(f'{name} is set in already. Take it back first: lab.clear("{name}")')
        parts = injections(fault, params)
        for part in parts:
            self._plane.check(part)
            for problem in self._drivers[part.driver].problems(part.params):
                raise ActionError(
                    f"{name} {problem}.", action="inject", parameter=next(iter(params), "")
                )
        return fault, parts

    def inject(self, fault: Fault, parts: tuple[Inject, ...]) -> FaultView:
        """Set a fault in, all of it or nothing; raise EngineError where it cannot be."""
        self._prepare(fault)
        for part in parts:
            self._plane.inject(part, self._clock)
            if part.id not in self._plane.standing:
                trouble = self._plane.trouble
                self.clear(fault.id)
                raise EngineError(f"{fault.id} cannot be set in: {trouble}")
        self._say(f"{fault.id} is set in: {fault.title}.")
        return self.view(fault)

    def clear(self, name: str | None = None) -> tuple[FaultView, ...]:
        """Take a fault back, or all of them; return those that stood."""
        known = self._catalogue()
        chosen = known.faults if name is None else (known.get(name),)
        stood = tuple(fault for fault in chosen if self.standing(fault))
        for fault in stood:
            for part in self.standing(fault):
                self._plane.clear(part, self._clock)
            if left := self.standing(fault):
                raise EngineError(f"{left[0]} cannot be taken back: {self._plane.trouble}")
            self._say(f"{fault.id} is taken back.")
        return tuple(map(self.view, stood))

    def standing(self, fault: Fault) -> tuple[str, ...]:
        """Return the injections of a fault that were not taken back."""
        ours = [part.id for part in injections(fault, {})]
        return tuple(part for part in self._plane.standing if part in ours)

    def view(self, fault: Fault) -> FaultView:
        """Return a fault as it is shown; `there` says whether the cause is still there."""
        standing = self.standing(fault)
        there = any(self._plane.standing.get(part, False) for part in standing)
        return fault_view(fault).model_copy(update={"injected": bool(standing), "there": there})

    def faults(self) -> tuple[FaultView, ...]:
        """Return the catalogue, and what of it is set in."""
        return tuple(map(self.view, self._catalogue().faults))

    def need_journeys(self, load: Load, mix: Params) -> None:
        """Raise ActionError where a mix names a journey that users do not know."""
        known = [journey.id for journey in load.journeys]
        for name in mix:
            if name not in known:
                raise ActionError(
                    f"There is no journey '{name}'. Known: {', '.join(known)}.",
                    action="load",
                    parameter="mix",
                )

    def _prepare(self, fault: Fault) -> None:
        """Give the system what the fault builds on: instances, and settings of its services."""
        components = {component.name: component for component in self._engine.components()}
        for service, least in fault.instances.items():
            running = _running(components.get(service))
            if running < least:
                self._engine.scale(service, least)
                self._changed(service, "scale", str(running), str(least))
        for service, settings in fault.config.items():
            before = self._engine.set_config(service, settings)
            if dict(before) != settings:
                self._changed(service, "config", _text(before), _text(settings))

    def _changed(self, service: str, what: str, before: str, after: str) -> None:
        entry = {"component": service, "what": what, "before": before, "after": after}
        self._write(ChangeEntry.model_validate({"at": self._clock(), "who": _WHO, **entry}))

    def _say(self, text: str) -> None:
        self._write(MessageEntry(at=self._clock(), sender=_WHO, text=text))


def injections(fault: Fault, params: Params) -> tuple[Inject, ...]:
    """Return what a fault is made of; parameters replace those of the same name."""
    known = {name for part in fault.inject for name in part.params}
    for name in params:
        if name not in known:
            raise ActionError(
                f"{fault.id} has no parameter '{name}'. It has: {', '.join(sorted(known))}.",
                action="inject",
                parameter=name,
            )
    return tuple(
        Inject(
            id=f"{fault.id}-{number}",
            driver=part.driver,
            params={**part.params, **{k: v for k, v in params.items() if k in part.params}},
        )
        for number, part in enumerate(fault.inject, start=1)
    )


def fault_view(fault: Fault) -> FaultView:
    """Return what the catalogue says of a fault."""
    return FaultView(
        id=fault.id,
        row=fault.row,
        title=fault.title,
        mechanism=fault.mechanism,
        level=fault.level,
        mitigation=fault.mitigation,
        params={name: value for part in fault.inject for name, value in part.params.items()},
        needs_root=fault.needs_root,
    )


def _running(service: Component | None) -> int:
    if service is None or service.state == "stopped":
        return 0
    return len(service.children) or 1


def _text(values: Params) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())
