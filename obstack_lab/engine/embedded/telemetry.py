"""The embedded store of logs and traces."""

from __future__ import annotations

import sys

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit


class Telemetry(ProcessUnit):
    """Loki's and Tempo's APIs and OTLP, on one port."""

    stop_seconds = 3.0

    def __init__(self, place: Place) -> None:
        super().__init__("telemetry", "telemetry", place)
        self.port = place.ports.of("telemetry")
        self.address = f"http://127.0.0.1:{self.port}"

    def _command(self) -> Command:
        data = self._place.home.data / "telemetry"
        data.mkdir(parents=True, exist_ok=True)
        argv = (sys.executable, "-m", "obstack_lab.telemetry", "--port", str(self.port))
        return Command(
            argv=(*argv, "--data", str(data)),
            env=self._place.environment(),
            log=self._place.log(self.name),
            cwd=self._place.home.path,
        )

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/ready")
