"""What processes may take: descriptors, memory, CPU. Kept through restarts."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import psutil

from obstack_lab.engine.embedded.throttle import Throttle, throttle
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Resource
from obstack_lab.errors import EngineError, UnknownName

Units = Callable[[str], Sequence[Unit]]
"""The processes of a component, those that do not run included."""


class Limits:
    """Limits by component; a service's hold for each of its instances."""

    def __init__(self, units: Units, name: str, keep: Callable[[Iterable[Path]], None]) -> None:
        self._units = units
        self._name = name
        self._keep = keep
        self._set: dict[tuple[str, Resource], float] = {}
        self._ordinary: dict[tuple[str, Resource], int] = {}
        """soft limits as they were, by unit"""
        self._throttles: dict[str, Throttle] = {}
        self._lock = threading.RLock()

    def change(self, component: str, resource: Resource, value: float | None) -> float | None:
        """Set a limit or take it back (None); return the one before."""
        with self._lock:
            before = self._set.pop((component, resource), None)
            if value is not None:
                self._set[component, resource] = value
            for unit in self._units(component):
                if unit.pid is not None:
                    self._hold(unit, unit.pid, resource)
            return before

    def spawned(self, unit: Unit, pid: int) -> None:
        """Put a new process under the limits of its component."""
        with self._lock:
            for resource in {resource for _, resource in self._set}:
                if self._of(unit, resource) is not None:
                    self._hold(unit, pid, resource)

    def paused(self, unit: Unit, *, on: bool) -> None:
        """Take that somebody stops a process himself, or lets it go on."""
        with self._lock:
            if held := self._throttles.get(unit.name):
                held.pause(on=on)

    def clear(self) -> None:
        """Take every limit back."""
        for component, resource in tuple(self._set):
            with contextlib.suppress(UnknownName):  # a job that has ended is a component no longer
                self.change(component, resource, None)
        with self._lock:
            for held in self._throttles.values():
                held.release()
            self._throttles.clear()

    def _of(self, unit: Unit, resource: Resource) -> float | None:
        """Return a unit's limit: its own, else its service's."""
        own = self._set.get((unit.name, resource))
        return self._set.get((unit.component_name, resource)) if own is None else own

    def _hold(self, unit: Unit, pid: int, resource: Resource) -> None:
        value = self._of(unit, resource)
        if resource == "cpu":
            self._throttle(unit, pid, value)
        else:
            self._soften(unit, pid, resource, value)

    def _throttle(self, unit: Unit, pid: int, share: float | None) -> None:
        if share is None:
            if held := self._throttles.pop(unit.name, None):
                held.release()
            return
        if unit.name not in self._throttles:
            self._throttles[unit.name] = made = throttle(f"{self._name}-{unit.name}")
            self._keep(made.folders)
        self._throttles[unit.name].hold(pid, share)

    def _soften(self, unit: Unit, pid: int, resource: Resource, value: float | None) -> None:
        """Change the soft limit of a process and of those below it."""
        if sys.platform != "linux":
            raise EngineError(
                f"This system cannot limit {resource} of a running process. Use Linux, or Docker.",
                component=unit.name,
            )
        kind = psutil.RLIMIT_NOFILE if resource == "open_files" else psutil.RLIMIT_DATA
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            soft, hard = process.rlimit(kind)
            ordinary = self._ordinary.setdefault((unit.name, resource), soft)
            wanted = ordinary if value is None else int(value)
            if hard != psutil.RLIM_INFINITY:
                wanted = hard if wanted == psutil.RLIM_INFINITY else min(wanted, hard)
            for each in (process, *process.children(recursive=True)):
                with contextlib.suppress(psutil.NoSuchProcess):
                    each.rlimit(kind, (wanted, hard))
        if value is None:
            self._ordinary.pop((unit.name, resource), None)
