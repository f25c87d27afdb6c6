"""What processes of this machine may take: soft limits of the kernel, CPU by a throttle."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import psutil

from obstack_lab.engine.embedded.limits import Limits, Units
from obstack_lab.engine.embedded.throttle import Throttle, throttle
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Resource
from obstack_lab.errors import EngineError


class ProcessLimits(Limits):
    """Limits of a process and of those below it."""

    def __init__(self, units: Units, name: str, keep: Callable[[Iterable[Path]], None]) -> None:
        super().__init__(units)
        self._name = name
        self._keep = keep
        self._ordinary: dict[tuple[str, Resource], int] = {}
        """soft limits as they were, by unit"""
        self._throttles: dict[str, Throttle] = {}

    def paused(self, unit: Unit, *, on: bool) -> None:
        with self._lock:
            if held := self._throttles.get(unit.name):
                held.pause(on=on)

    def clear(self) -> None:
        super().clear()
        with self._lock:
            for held in self._throttles.values():
                held.release()
            self._throttles.clear()

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
