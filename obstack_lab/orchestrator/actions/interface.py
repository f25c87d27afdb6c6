"""What an action is."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.actions.database import Database
from obstack_lab.orchestrator.actions.target import SERVICE, Target
from obstack_lab.orchestrator.actions.web import Web
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.orchestrator.service_settings import ServiceSettings
from obstack_lab.orchestrator.views import ParameterView
from obstack_lab.review.journal import Change
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
    database: Database
    delivery: Delivery
    web: Web = field(default_factory=Web)

    def releases(self, service: str) -> tuple[str, ...]:
        """Return the releases a service has had in this run, oldest first."""
        return self.engine.releases(service)[self.first.get(service, 0) :]


@dataclass(frozen=True)
class Effect:
    """What an action changed, for the result line and the change log."""

    component: str
    what: Change
    result: str
    before: str = ""
    after: str = ""

    @property
    def visible(self) -> bool:
        """Whether it belongs into the change log: a restart does, although it changes nothing."""
        return self.what == "restart" or self.before != self.after


def unchanged(component: str, what: Change, why: str) -> Effect:
    """Return the effect of an action that found nothing to do."""
    return Effect(component, what, f"{component}: {why}", why, why)


class Action(ABC):
    """One thing an operator can do, declared once; parameters arrive checked against `form`.

    `registry` finds it, `api.actions` makes a route of it, `lab.fix` a method, `./lab fix` a verb,
    and `actions.page` a part of the docs.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    description: ClassVar[str]
    effect: ClassVar[str]
    """what it changes, and what it costs"""
    destructive: ClassVar[str] = ""
    """the effect to confirm, `{service}` in it; nothing where it is harmless"""
    target: ClassVar[Target] = SERVICE
    parameters: ClassVar[tuple[ParameterView, ...]] = ()
    """what it takes beside its target"""
    free: ClassVar[bool] = False
    """takes parameters that only the running system knows"""

    def declared(self) -> tuple[ParameterView, ...]:
        """Return the parameters as they are known without a running system."""
        return self.parameters

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:  # noqa: ARG002 - most are declared
        """Return the parameters for a target as it is now: choices and defaults filled in."""
        return self.declared()

    @abstractmethod
    def do(self, place: Place, at: str, params: Params) -> Effect:
        """Do it; return when it is in effect. Raises ActionError and EngineError."""
