"""Broken monitoring: Prometheus looks for a service's metrics where nobody listens."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_FORM = {"service": Field()}


class TelemetryDriver:
    """Gives the scrape of `service` a wrong port; users notice nothing. Gone once it is right.

    Telemetry that is lost on its way is a matter of the driver `network`.
    """

    id = "telemetry"

    def __init__(self) -> None:
        self._repaired: set[str] = set()

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
        engine.scrape(_service(injection), on=False)
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        engine.scrape(_service(injection), on=True)
        self._repaired.add(injection.canary)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        """Ask by doing it again, which tells how it was; what was repaired stays so."""
        if injection.canary in self._repaired:
            return False
        if engine.scrape(_service(injection), on=False):
            engine.scrape(_service(injection), on=True)
            self._repaired.add(injection.canary)
            return False
        return True


def _service(injection: Injection) -> str:
    return str(injection.params["service"])
