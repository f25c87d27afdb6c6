"""A process that is led over a private socket, and that ends when we let go of it."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.unit import SignalledUnit
from obstack_lab.engine.embedded.wire import Wire
from obstack_lab.engine.interface import ComponentKind
from obstack_lab.errors import EngineError


class Wired(SignalledUnit):
    """A component that is led over a wire, which whoever starts it opens."""

    _wire: Wire | None = None

    def ask(self, question: Mapping[str, object]) -> Mapping[str, Any]:
        """Send one question over the wire and return the answer."""
        wire = self._wire
        if wire is None or self.pid is None:
            raise EngineError(
                f"{self.name} does not run. Restart it: `restart {self.name}`.",
                component=self.name,
            )
        return wire.ask(question)

    def hears(self) -> bool:
        """Say whether it can be asked."""
        return self._wire is not None and self.pid is not None

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


class WiredUnit(ProcessUnit, Wired):
    """Runs `python -m MODULE --socket PATH` and keeps the connection."""

    module = ""
    nice = 0

    def __init__(self, name: str, kind: ComponentKind, place: Place) -> None:
        super().__init__(name, kind, place)
        self._socket = Path()

    def _on_event(self, event: Mapping[str, Any]) -> None:
        """Take what the process says unasked."""

    def _command(self) -> Command:
        self._socket = self._place.socket(self.name)
        self._socket.unlink(missing_ok=True)
        nice = shutil.which("nice") if self.nice else None
        polite = (nice, "-n", str(self.nice)) if nice else ()
        return Command(
            argv=(*polite, sys.executable, "-m", self.module, "--socket", str(self._socket)),
            env=self._place.environment(),
            log=self._place.log(self.name),
            cwd=self._place.home.path,
        )

    def _problem(self) -> Problem:
        if self._wire is not None:
            return ""
        try:
            self._wire = Wire(self._socket, component=self.name, on_event=self._on_event)
        except OSError:
            return "does not listen yet"
        return ""

    def _end(self) -> None:
        self._hang_up()
        super()._end()
