"""What components may take: descriptors, memory, CPU. Kept through restarts."""

from __future__ import annotations

import contextlib
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Resource
from obstack_lab.errors import UnknownName

Units = Callable[[str], Sequence[Unit]]
"""The processes of a component, those that do not run included."""


class Limits(ABC):
    """Limits by component; a service's hold for each of its instances."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self._set: dict[tuple[str, Resource], float] = {}
        self._lock = threading.RLock()

    def change(self, component: str, resource: Resource, value: float | None) -> float | None:
        """Set a limit or take it back (None); return the one before."""
        with self._lock:
            before = self._set.pop((component, resource), None)
            if value is not None:
                self._set[component, resource] = value
            for unit in self._units(component):
                if (pid := unit.pid) is not None:
                    self._hold(unit, pid, resource)
            return before

    def spawned(self, unit: Unit, pid: int) -> None:
        """Put a new process under the limits of its component."""
        with self._lock:
            for resource in {resource for _, resource in self._set}:
                if self._of(unit, resource) is not None:
                    self._hold(unit, pid, resource)

    def paused(self, unit: Unit, *, on: bool) -> None:  # noqa: B027 - most limits stop nobody
        """Take that somebody stops a process himself, or lets it go on."""

    def clear(self) -> None:
        """Take every limit back."""
        for component, resource in tuple(self._set):
            with contextlib.suppress(UnknownName):  # a job that has ended is a component no longer
                self.change(component, resource, None)

    @abstractmethod
    def _hold(self, unit: Unit, pid: int, resource: Resource) -> None:
        """Hold a running process to the limit of its unit, or to none."""

    def _of(self, unit: Unit, resource: Resource) -> float | None:
        """Return a unit's limit: its own, else its service's."""
        own = self._set.get((unit.name, resource))
        return self._set.get((unit.component_name, resource)) if own is None else own
