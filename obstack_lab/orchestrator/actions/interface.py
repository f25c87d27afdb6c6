"""What an action is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.service_settings import ServiceSettings
from obstack_lab.orchestrator.views import ParameterView
from obstack_lab.scenario.model import Scalar

Params = Mapping[str, Scalar]


@dataclass(frozen=True)
class Place:
    """Where an action takes place: `services` are the scenario's."""

    engine: Engine
    settings: ServiceSettings
    services: tuple[str, ...]
    first: Mapping[str, int]
    """index of the release, in a service's list, at which the run found it"""

    def releases(self, service: str) -> tuple[str, ...]:
        """Return the releases a service has had in this run, oldest first."""
        return self.engine.releases(service)[self.first.get(service, 0) :]


@dataclass(frozen=True)
class Effect:
    """What an action changed, for the result line and the change log."""

    component: str
    what: Literal["deploy", "rollback", "config", "restart", "scale", "signal"]
    result: str
    before: str = ""
    after: str = ""


class Action(Protocol):
    """One thing an operator can do to one service. Parameters arrive checked against `form`."""

    name: str
    title: str
    description: str
    destructive: str
    """the effect to confirm, `{service}` in it; nothing where it is harmless"""

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:
        """Return the parameters beside `service`."""

    def do(self, place: Place, service: str, params: Params) -> Effect:
        """Do it; return when it is in effect. Raises ActionError and EngineError."""


def target(place: Place, action: str, params: Params) -> str:
    """Return the service that a request names; raise ActionError where it is not one."""
    service = params.get("service")
    if service not in place.services:
        named = f"'{service}' is not a service here" if service else "say which service"
        raise ActionError(
            f"{action}: {named}. Services: {', '.join(place.services)}.",
            action=action,
            parameter="service",
        )
    return str(service)
