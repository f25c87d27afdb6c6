"""A bad release: a deploy that stands in the change log as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from obstack_lab.engine.interface import Component, Engine
from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "deploy-bot"
_FORM = {"service": Field(), "release": Field(), "instance": Field(required=False)}


class ReleaseDriver:
    """Deploys `release` of `service`, or of one `instance` alone: a canary.

    Gone as soon as another release is in its place.
    """

    id = "release"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return (str(params["service"]),)

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        service, release = _service(injection), str(injection.params["release"])
        if _running(engine, injection) == release:
            return injection, ()
        before = _deploy(engine, injection, release)
        change = ChangeEntry(
            at=now,
            who=_WHO,
            component=_instance(injection) or service,
            what="deploy",
            before=before,
            after=release,
        )
        return replace(injection, before={"release": before}), (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        before = injection.before.get("release")
        if before is not None and self.residual(engine, injection):
            _deploy(engine, injection, str(before))

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return _running(engine, injection) == injection.params["release"]


def _service(injection: Injection) -> str:
    return str(injection.params["service"])


def _instance(injection: Injection) -> str | None:
    named = injection.params.get("instance")
    return None if named is None else str(named)


def _deploy(engine: Engine, injection: Injection, release: str) -> str:
    instance = _instance(injection)
    if instance is None:
        return engine.deploy(_service(injection), release)
    return engine.deploy(_service(injection), release, instance=instance)


def _running(engine: Engine, injection: Injection) -> str:
    """Return the release that runs; of an instance that is gone, nothing."""
    service, instance = _service(injection), _instance(injection)
    if instance is None:
        return engine.releases(service)[-1]
    for component in engine.components():
        if component.name == service:
            return _release_of(component, instance)
    raise UnknownName("service", service)


def _release_of(service: Component, instance: str) -> str:
    if not service.children:
        return service.release
    return next((child.release for child in service.children if child.name == instance), "")
