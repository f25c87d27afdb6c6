"""The edge in a container; its control line leads through the engine, as no port may."""

from __future__ import annotations

import contextlib
import socket
import subprocess

from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import ContainerUnit
from obstack_lab.engine.embedded.edge_network import EdgeNetwork
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem
from obstack_lab.engine.embedded.wire import Wire
from obstack_lab.engine.embedded.wired_unit import Wired
from obstack_lab.engine.topology import ROUTES
from obstack_lab.errors import EngineError

SOCKET = "/tmp/edge.sock"  # noqa: S108 - in the container, on a file system of its own
_FIRST_PORT = 9000
_PORTS = {route.name: _FIRST_PORT + number for number, route in enumerate(ROUTES)}
_ALIASES = {"postgres": "database", "telemetry": "store"}
_UPSTREAMS = {route.name: route.upstream for route in ROUTES}


def door(route: str) -> str:
    """Return where containers find a route: `HOST:PORT`."""
    upstream = _UPSTREAMS[route]
    return f"{_ALIASES.get(upstream, upstream)}:{_PORTS[route]}"


class ContainerEdge(ContainerUnit, Wired, EdgeNetwork):
    """The engine's network, run by `python -m sut.edge` in a container."""

    def __init__(self, place: Place, harbour: Harbour) -> None:
        ContainerUnit.__init__(self, "edge", "edge", place, harbour)
        EdgeNetwork.__init__(self)
        self._project = harbour.project
        self._relay: subprocess.Popen[bytes] | None = None

    def listen_port(self, route: str) -> int:
        return _PORTS[route]

    def _begin(self) -> None:
        super()._begin()
        found = self.box.found()
        if found is None:
            raise EngineError("The edge ended at once. Read `./lab logs edge`.", component="edge")
        ours, theirs = socket.socketpair()
        with theirs:
            argv = self._project.exec_argv(found.id, "python", "-m", "sut.relay", SOCKET)
            self._relay = self._place.spawner.spawn(
                lambda: subprocess.Popen(
                    self._place.spawner.dying_with_us(argv, "KILL"),
                    stdin=theirs.fileno(),
                    stdout=theirs.fileno(),
                    stderr=subprocess.DEVNULL,
                    env=self._project.environment(),
                    start_new_session=True,
                )
            )
        self._place.roster.add("edge-line", self._relay.pid)
        self._wire = Wire(ours, component=self.name, on_event=lambda _: None)
        self._wire.ask({"op": "routes"}, seconds=self.ready_seconds)
        self.open_all()

    def _problem(self) -> Problem:
        return ""

    def _end(self) -> None:
        self._hang_up()
        super()._end()
        if self._relay is not None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._relay.wait(timeout=2)
            self._relay.kill()
            self._relay.wait(timeout=5)
            self._relay = None
        self._place.roster.remove(["edge-line"])
