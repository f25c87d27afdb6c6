"""A real Loki or Tempo, where its program is on PATH: one process, on the loopback."""

from __future__ import annotations

from collections.abc import Sequence

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import find_program
from obstack_lab.settings import resources


class NativeStore(ProcessUnit):
    """Runs with the configuration of `stack/NAME/NAME.yaml`, as the container does.

    The file asks the environment for addresses and folders: `LOKI_HTTP_PORT` and so on.
    """

    ready_seconds = 45.0
    stop_seconds = 3.0

    def __init__(self, name: str, place: Place, *, ports: Sequence[str]) -> None:
        super().__init__(name, "telemetry", place)
        self._ports = {each: place.ports.of(f"{name}:{each}") for each in ports}
        self.address = f"http://{self.listens('http')}"

    def listens(self, port: str) -> str:
        """Return `HOST:PORT` of one of its ports."""
        return f"127.0.0.1:{self._ports[port]}"

    def _command(self) -> Command:
        folder = self._place.home.data / self.name
        folder.mkdir(parents=True, exist_ok=True)
        file = resources() / "stack" / self.name / f"{self.name}.yaml"
        program = find_program(self.name, self._place.home)
        prefix = self.name.upper()
        ports = {f"{prefix}_{each.upper()}_PORT": str(no) for each, no in self._ports.items()}
        return Command(
            argv=(str(program), f"-config.file={file}", "-config.expand-env=true"),
            env=self._place.environment(
                {f"{prefix}_ADDRESS": "127.0.0.1", f"{prefix}_FOLDER": str(folder), **ports}
            ),
            log=self._place.log(self.name),
            cwd=folder,
        )

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/ready")
