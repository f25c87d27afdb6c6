"""A component whose process is the first one of a container."""

from __future__ import annotations

import signal
from abc import abstractmethod

from obstack_lab.engine.compose.box import Box, Harbour
from obstack_lab.engine.compose.project import Spec
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem, wait_ready
from obstack_lab.engine.embedded.process import last_words
from obstack_lab.engine.embedded.unit import SignalledUnit
from obstack_lab.engine.interface import ComponentKind


class Boxed(SignalledUnit):
    """What every unit in a container does alike; it knows its box and its log."""

    ready_seconds = 60.0
    stop_seconds = 2.0
    box: Box
    log_name: str
    _place: Place

    @abstractmethod
    def spec(self) -> Spec:
        """Return what its container is made of."""

    @property
    def pid(self) -> int | None:
        return self.box.pid

    def kill(self, number: signal.Signals) -> None:
        self.box.kill(number.name)

    def _begin(self) -> None:
        self.box.make(self.spec())
        pid = self.box.start()
        self.on_spawn(pid)
        wait_ready(
            self._problem,
            self._ended,
            component=self.name,
            seconds=self.ready_seconds,
            hint=lambda: last_words(self._place.log(self.log_name), self.log_name),
        )

    def _end(self) -> None:
        self.box.stop(self.stop_seconds)

    def _ended(self) -> str | None:
        return self.box.ended()


class ContainerUnit(Boxed):
    """A component that every lab has: one container, one port on the loopback."""

    def __init__(
        self,
        name: str,
        kind: ComponentKind,
        place: Place,
        harbour: Harbour,
        *,
        inside: int = 0,
        ready: str = "",
    ) -> None:
        super().__init__(name, kind, place.clock)
        self._place = place
        self._inside = inside
        self._ready = ready
        self.log_name = name
        self.box = Box(name, place.log(name), harbour)
        self.port = place.ports.of(name) if inside else 0
        if inside:
            self.address = f"http://127.0.0.1:{self.port}"

    @property
    def upstream(self) -> str:
        """Where other containers find it: `HOST:PORT`."""
        return f"{self.name}:{self._inside}"

    def spec(self) -> Spec:
        return {"ports": [f"127.0.0.1:{self.port}:{self._inside}"]} if self._inside else {}

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}{self._ready}")
