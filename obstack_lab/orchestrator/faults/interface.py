"""What a fault driver is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from obstack_lab.engine.interface import Engine
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar


@dataclass(frozen=True)
class Injection:
    """One fault of a run. The canary is random: whoever meets it outside has found a leak."""

    id: str
    driver: str
    params: Mapping[str, Scalar]
    canary: str
    before: Mapping[str, Scalar] = field(default_factory=dict)
    """what was there, for `clear`"""


class FaultDriver(Protocol):
    """A real mechanism. Every method has a deadline, is idempotent, and raises LabError."""

    id: str

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        """Return what is wrong with parameters, each in one sentence."""

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        """Return the components whose restart is part of the work, and so is no news."""

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        """Set it in; return the injection with what was there before, and visible changes."""

    def clear(self, engine: Engine, injection: Injection) -> None:
        """Restore exactly what was there."""

    def residual(self, engine: Engine, injection: Injection) -> bool:
        """Return whether the cause is still there."""
