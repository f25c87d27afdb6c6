"""What a fault of the catalogue is: the typed model of the YAML files beside this one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from obstack_lab.errors import UnknownName
from obstack_lab.scenario.model import COMPARISON, Load, Model, Name, Objective, Scalar, Seconds

Level = Literal["beginner", "intermediate", "advanced"]


class Part(Model):
    """One injection: a driver and what it needs to know."""

    driver: Name
    params: dict[str, Scalar] = Field(default={})
    cause: bool = Field(
        default=True, description="false: it only sets the fault off, and is over by itself"
    )


class Signal(Model):
    """The figure by which a fault must be seen: the largest value of a query, 0 where it is empty.

    `silent` holds on the healthy system and again once the fault is cleared, `shows` while it is
    there; the gap between the two is the least effect that counts.
    """

    language: Literal["promql", "logql"] = "promql"
    query: str = Field(min_length=1)
    silent: str = Field(pattern=COMPARISON)
    shows: str = Field(pattern=COMPARISON)
    unit: Literal["ratio", "seconds", "per second", "count", "bytes per second", "bytes"] = "count"


class Fault(Model):
    """One way to break the system. `id` is for instructors; a learner never sees it in a run."""

    id: Name
    row: int = Field(ge=1, le=75, description="row of docs/fault-classes.md")
    title: str
    mechanism: str = Field(description="what really happens, in a sentence")
    level: Level
    mitigation: str = Field(description="what an operator does about it")
    inject: tuple[Part, ...] = Field(min_length=1)
    signal: Signal
    services: tuple[Name, ...] = ("gateway", "orders", "inventory")
    instances: dict[Name, int] = Field(default={})
    config: dict[Name, dict[str, Scalar]] = Field(
        default={}, description="settings before the fault, where they are not the defaults"
    )
    rate: float = Field(default=20, gt=0, description="requests per second")
    within: Seconds = Field(default=30, description="seconds in which it must show")
    needs_root: bool = False
    without_root: str = Field(default="", description="what a plain user does instead")


class Standard(Model):
    """Who comes while faults are verified."""

    load: Load
    objective: Objective


class Catalogue(Model):
    """All faults, by row; who comes while they are verified."""

    faults: tuple[Fault, ...]
    standard: Standard

    def get(self, fault: str) -> Fault:
        """Return a fault; raise UnknownName."""
        for each in self.faults:
            if each.id == fault:
                return each
        raise UnknownName("fault", fault, tuple(each.id for each in self.faults))

    def chosen(self, names: Iterable[str]) -> tuple[Fault, ...]:
        """Return the faults of these ids, in the catalogue's order; raise UnknownName."""
        wanted = [self.get(name) for name in names]
        return tuple(each for each in self.faults if each in wanted)

    @property
    def rows(self) -> tuple[int, ...]:
        """Return the rows of the fault classes that the lab can set in, each once."""
        return tuple(sorted({each.row for each in self.faults}))
