"""A neighbour of the services: a Python module that runs beside them and takes its share."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.unit import SignalledUnit


class Job(SignalledUnit):
    """One job; the same name can be run again, with another module too."""

    _module = ""
    _arguments: tuple[str, ...] = ()
    _told: Mapping[str, str] = MappingProxyType({})

    def run(self, module: str, arguments: Sequence[str], told: Mapping[str, str]) -> None:
        """Run a module unless this job runs."""
        if self.pid is None:
            self._module, self._arguments, self._told = module, tuple(arguments), told
            self.start()

    def _problem(self) -> Problem:
        return ""


class ProcessJob(ProcessUnit, Job):
    """A job as a process of this machine."""

    stop_seconds = 3.0

    def __init__(self, name: str, place: Place) -> None:
        super().__init__(name, "job", place)

    def _command(self) -> Command:
        return Command(
            argv=(sys.executable, "-m", self._module, *self._arguments),
            env=self._place.environment(self._told),
            log=self._place.log(self.name),
            cwd=self._place.home.path,
        )
