"""The edge: the process through which services reach each other."""

from __future__ import annotations

from obstack_lab.engine.embedded.edge_network import EdgeNetwork
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.wired_unit import WiredUnit


class Edge(WiredUnit, EdgeNetwork):
    """The engine's network, run by `python -m sut.edge`."""

    module = "sut.edge"

    def __init__(self, place: Place) -> None:
        WiredUnit.__init__(self, "edge", "edge", place)
        EdgeNetwork.__init__(self)

    def listen_port(self, route: str) -> int:
        return self._place.ports.of(f"edge:{route}")

    def _begin(self) -> None:
        super()._begin()
        self.open_all()
