"""What an action is done to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal[
    "service",
    "instance",
    "route",
    "database object",
    "queue",
    "cache",
    "certificate",
    "process",
]


@dataclass(frozen=True)
class Target:
    """A kind of thing, and the components that have such things."""

    kind: Kind
    components: tuple[str, ...] = ()
    """the only ones; none: every service of the scenario"""
    always: bool = False
    """they are there whatever services a scenario names"""

    def among(self, services: Sequence[str]) -> tuple[str, ...]:
        """Return the components of a stack that it can be done to."""
        if not self.components:
            return tuple(services)
        return tuple(name for name in self.components if self.always or name in services)

    @property
    def alone(self) -> str:
        """The one component that it can be done to, which then need not be named."""
        return self.components[0] if len(self.components) == 1 else ""


SERVICE = Target("service")
INSTANCE = Target("instance")
ROUTE = Target("route", ("gateway",))
DATABASE = Target("database object", ("postgres",), always=True)
QUEUE = Target("queue", ("worker",))
CACHE = Target("cache", ("orders", "inventory"))
CERTIFICATE = Target("certificate", ("payments",))
HOST = Target("process", ("host",), always=True)
