"""A job as a container beside those of the services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obstack_lab.engine.compose.box import Box, Harbour
from obstack_lab.engine.compose.boxed import Boxed
from obstack_lab.engine.compose.project import Spec
from obstack_lab.engine.embedded.job import Job
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem


class ContainerJob(Boxed, Job):
    """Runs a module of the services' image."""

    stop_seconds = 3.0

    def __init__(self, name: str, place: Place, harbour: Harbour) -> None:
        super().__init__(name, "job", place.clock)
        self._place = place
        self._base = str(harbour.project.base)
        self.log_name = name
        self.box = Box(name, place.log(name), harbour)
        self._command: tuple[str, ...] = ()
        self._told: Mapping[str, str] = {}

    def run(self, module: str, arguments: Sequence[str], told: Mapping[str, str]) -> None:
        if self.pid is None:
            self._command, self._told = (module, *arguments), told
            self.start()

    def spec(self) -> Spec:
        return {
            "extends": {"file": self._base, "service": "job"},
            "command": list(self._command),
            "environment": dict(self._told),
        }

    def _problem(self) -> Problem:
        return ""
