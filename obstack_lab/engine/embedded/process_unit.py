"""A component that is one process of its own."""

from __future__ import annotations

import signal
from abc import abstractmethod

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import wait_ready
from obstack_lab.engine.embedded.process import Command, Process, last_words
from obstack_lab.engine.embedded.unit import SignalledUnit
from obstack_lab.engine.interface import ComponentKind


class ProcessUnit(SignalledUnit):
    """Starts a command, waits until it answers, ends it."""

    ready_seconds = 45.0
    stop_seconds = 2.0

    def __init__(self, name: str, kind: ComponentKind, place: Place) -> None:
        super().__init__(name, kind, place.clock)
        self._place = place
        self._process: Process | None = None

    @property
    def pid(self) -> int | None:
        process = self._process
        return process.pid if process is not None and process.ended() is None else None

    @abstractmethod
    def _command(self) -> Command:
        """Return what to run."""

    def _begin(self) -> None:
        self._spawn()
        self._wait_ready()

    def _spawn(self) -> None:
        self._process = Process(self.name, self._command(), self._place.spawner)
        self._place.roster.add(self.name, self._process.pid)
        self.on_spawn(self._process.pid)

    def _wait_ready(self) -> None:
        wait_ready(
            self._problem,
            self._ended,
            component=self.name,
            seconds=self.ready_seconds,
            hint=self._hint,
        )

    def _hint(self) -> str:
        return last_words(self._place.log(self.name), self.name)

    def _end(self) -> None:
        if self._process is not None:
            self._process.stop(self.stop_seconds)
            self._process = None
        self._place.roster.remove([self.name])

    def _ended(self) -> str | None:
        process = self._process
        return "was never started" if process is None else process.ended()

    def kill(self, number: signal.Signals) -> None:
        if self._process is not None:
            self._process.send(number)
