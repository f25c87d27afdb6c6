"""Prometheus in a container; whom it scrapes it reads in a folder that we write."""

from __future__ import annotations

from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.targets import Targets

PORT = 9090


class ContainerPrometheus(ContainerUnit, Targets):
    """The metrics store."""

    stop_seconds = 3.0

    def __init__(self, place: Place, harbour: Harbour) -> None:
        ContainerUnit.__init__(
            self, "prometheus", "metrics", place, harbour, inside=PORT, ready="/-/ready"
        )
        Targets.__init__(self, place.home.private / "compose" / "prometheus")

    def _begin(self) -> None:
        self.configure()
        super()._begin()
