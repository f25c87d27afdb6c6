"""A push of the deployment configuration: a service is started anew with other variables."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError, Timeout
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "deploy-bot"
_FORM = {"service": Field()}


class EnvironmentDriver:
    """Overrides variables (every parameter but `service`) and restarts the service.

    A service that does not come up with them is the fault, and no failure of the driver.
    """

    id = "environment"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        found = problems(_FORM, params, more_allowed=True)
        return found if len(params) > 1 else (*found, "needs a variable to change")

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return (str(params["service"]),)

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        service, wanted = _service(injection), _wanted(injection)
        told = engine.environment(service)
        old = engine.set_environment(service, dict(wanted))
        with suppress(EngineError, Timeout):
            engine.restart(service)
        change = ChangeEntry(
            at=now,
            who=_WHO,
            component=service,
            what="config",
            before=", ".join(f"{name}={told.get(name, '')}" for name in wanted),
            after=", ".join(f"{name}={value}" for name, value in wanted.items()),
        )
        kept = {name: value for name, value in old.items() if value is not None}
        return replace(injection, before=kept), (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        if not self.residual(engine, injection):
            return
        back = {name: injection.before.get(name) for name in _wanted(injection)}
        service = _service(injection)
        engine.set_environment(
            service, {name: None if old is None else str(old) for name, old in back.items()}
        )
        engine.restart(service)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        now = engine.environment(_service(injection))
        return any(now.get(name) == value for name, value in _wanted(injection).items())


def _service(injection: Injection) -> str:
    return str(injection.params["service"])


def _wanted(injection: Injection) -> dict[str, str]:
    """Return the variables with their text; they hold text only."""
    return {name: str(value) for name, value in injection.params.items() if name != "service"}
