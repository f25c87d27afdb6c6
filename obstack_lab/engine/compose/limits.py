"""What containers may take: CPU by the engine, descriptors and memory inside of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from pathlib import Path

from obstack_lab.engine.compose.boxed import Boxed
from obstack_lab.engine.compose.dock import Dock
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Resource
from obstack_lab.errors import EngineError

_PERIOD = 100_000
_USUAL_QUOTA = 200_000
"""What `stack/compose.yaml` gives each container."""
_SCRIPT = Path(__file__).with_name("prlimit.sh")
_NAMES = {"open_files": "nofile", "memory": "data"}


class ContainerLimits:
    """Limits by component; a service's hold for each of its instances."""

    def __init__(self, units: Callable[[str], Sequence[Unit]], dock: Dock) -> None:
        self._units = units
        self._dock = dock
        self._set: dict[tuple[str, Resource], float] = {}
        self._lock = threading.RLock()

    def change(self, component: str, resource: Resource, value: float | None) -> float | None:
        """Set a limit or take it back (None); return the one before."""
        with self._lock:
            before = self._set.pop((component, resource), None)
            if value is not None:
                self._set[component, resource] = value
            for unit in self._units(component):
                if unit.pid is not None:
                    self._hold(unit, resource)
            return before

    def spawned(self, unit: Unit, pid: int) -> None:  # noqa: ARG002 - found by its container
        """Put a new process under the limits of its component."""
        with self._lock:
            for resource in {resource for _, resource in self._set}:
                if self._of(unit, resource) is not None:
                    self._hold(unit, resource)

    def paused(self, unit: Unit, *, on: bool) -> None:
        """Nothing to do: a container's quota does not wake what is stopped."""

    def clear(self) -> None:
        """Take every limit back."""
        with self._lock:
            for component, resource in tuple(self._set):
                self.change(component, resource, None)

    def _of(self, unit: Unit, resource: Resource) -> float | None:
        own = self._set.get((unit.name, resource))
        return self._set.get((unit.component_name, resource)) if own is None else own

    def _hold(self, unit: Unit, resource: Resource) -> None:
        if not isinstance(unit, Boxed):
            raise EngineError(
                f"{unit.name} runs beside the containers and cannot be limited there. "
                "Use `--engine embedded` for that.",
                component=unit.name,
            )
        found = unit.box.found()
        if found is None or not found.running:
            return
        value = self._of(unit, resource)
        if resource == "cpu":
            quota = _USUAL_QUOTA if value is None else max(1000, round(value * _PERIOD))
            self._dock.allow_cpu(found.id, quota)
            return
        script = _SCRIPT.read_text(encoding="ascii")
        wanted = "" if value is None else str(int(value))
        try:
            self._dock.run_in(found.id, ["sh", "-c", script, "prlimit", _NAMES[resource], wanted])
        except EngineError as error:
            raise EngineError(
                f"{unit.name} cannot be limited in its container: {error}", component=unit.name
            ) from error
