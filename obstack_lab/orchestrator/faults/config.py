"""A config push: settings of a service change, and the change log says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "config-bot"
_FORM = {"service": Field()}


class ConfigDriver:
    """Sets `service`'s settings (every other parameter is one).

    Gone once none of them has the pushed value; what somebody has set otherwise since then stays.
    """

    id = "config"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        found = problems(_FORM, params, more_allowed=True)
        return found if len(params) > 1 else (*found, "needs a setting to change")

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return (str(params["service"]),)

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        service, wanted = _service(injection), _wanted(injection)
        old = engine.set_config(service, wanted)
        change = ChangeEntry(
            at=now,
            who=_WHO,
            component=service,
            what="config",
            before=", ".join(f"{name}={old[name]}" for name in wanted),
            after=", ".join(f"{name}={value}" for name, value in wanted.items()),
        )
        return replace(injection, before=old), (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        back = {name: injection.before[name] for name in _pushed(engine, injection)}
        if back:
            engine.set_config(_service(injection), back)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return bool(_pushed(engine, injection))


def _service(injection: Injection) -> str:
    return str(injection.params["service"])


def _wanted(injection: Injection) -> dict[str, Scalar]:
    return {name: value for name, value in injection.params.items() if name != "service"}


def _pushed(engine: Engine, injection: Injection) -> list[str]:
    """Return the settings that still have the pushed value and had another before."""
    now = engine.config(_service(injection))
    return [
        name
        for name, value in _wanted(injection).items()
        if now.get(name) == value and injection.before.get(name) != value
    ]
