"""A bad release: a deploy that stands in the change log as what it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "deploy-bot"


class ReleaseDriver:
    """Deploys `release` of `service`; gone as soon as another release is in its place."""

    id = "release"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        missing = [name for name in ("service", "release") if not isinstance(params.get(name), str)]
        unknown = sorted(set(params) - {"service", "release"})
        return tuple(
            [f"needs the text parameter '{name}'" for name in missing]
            + [f"has no parameter '{name}'" for name in unknown]
        )

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return (str(params["service"]),)

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        service, release = _service(injection), str(injection.params["release"])
        running = engine.releases(service)[-1]
        if running == release:
            return injection, ()
        before = engine.deploy(service, release)
        change = ChangeEntry(
            at=now, who=_WHO, component=service, what="deploy", before=before, after=release
        )
        return replace(injection, before={"release": before}), (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        before = injection.before.get("release")
        if before is not None and self.residual(engine, injection):
            engine.deploy(_service(injection), str(before))

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return engine.releases(_service(injection))[-1] == injection.params["release"]


def _service(injection: Injection) -> str:
    return str(injection.params["service"])
