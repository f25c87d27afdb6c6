"""A job as a container beside those of the services."""

from __future__ import annotations

from obstack_lab.engine.compose.box import Box, Harbour
from obstack_lab.engine.compose.boxed import Boxed
from obstack_lab.engine.compose.project import Spec
from obstack_lab.engine.embedded.job import Job
from obstack_lab.engine.embedded.place import Place


class ContainerJob(Boxed, Job):
    """Runs a module of the services' image."""

    stop_seconds = 3.0

    def __init__(self, name: str, place: Place, harbour: Harbour) -> None:
        super().__init__(name, "job", place.clock)
        self._place = place
        self._base = str(harbour.project.base)
        self.log_name = name
        self.box = Box(name, place.log(name), harbour)

    def spec(self) -> Spec:
        return {
            "extends": {"file": self._base, "service": "job"},
            "command": [self._module, *self._arguments],
            "environment": dict(self._told),
        }
