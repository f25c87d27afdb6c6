"""What containers may take: CPU by the engine, descriptors and memory inside of them."""

from __future__ import annotations

from pathlib import Path

from obstack_lab.engine.compose.boxed import Boxed
from obstack_lab.engine.compose.dock import Dock
from obstack_lab.engine.embedded.limits import Limits, Units
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Resource
from obstack_lab.errors import EngineError

_PERIOD = 100_000
_USUAL_QUOTA = 200_000
"""What `stack/compose.yaml` gives each container."""
_SCRIPT = Path(__file__).with_name("prlimit.sh")
_NAMES = {"open_files": "nofile", "memory": "data"}


class ContainerLimits(Limits):
    """Limits of containers."""

    def __init__(self, units: Units, dock: Dock) -> None:
        super().__init__(units)
        self._dock = dock

    def _hold(self, unit: Unit, pid: int, resource: Resource) -> None:  # noqa: ARG002 - by container
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
