"""Grafana, where its program is on PATH: it asks through the orchestrator, which journals it."""

from __future__ import annotations

from pathlib import Path

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import GrafanaProgram
from obstack_lab.settings import resources


class Grafana(ProcessUnit):
    """Dashboards and Explore for whoever is on this machine; its files are those of compose."""

    ready_seconds = 90.0
    """A first start makes its database."""

    def __init__(self, place: Place, program: GrafanaProgram, orchestrator: Callback) -> None:
        super().__init__("grafana", "telemetry", place)
        self._program = program
        self._orchestrator = orchestrator
        self._port = place.ports.of("grafana")
        self.address = f"http://127.0.0.1:{self._port}"

    def _command(self) -> Command:
        stack = resources() / "stack"
        return Command(
            argv=(
                str(self._program.path),
                "server",
                f"--homepath={self._program.home}",
                f"--config={stack / 'grafana' / 'grafana.ini'}",
            ),
            env=self._place.environment(
                {
                    "GF_SERVER_HTTP_ADDR": "127.0.0.1",
                    "GF_SERVER_HTTP_PORT": str(self._port),
                    "GF_SERVER_ROOT_URL": f"{self.address}/",
                    **self._folders(),
                    "GF_PATHS_PROVISIONING": str(stack / "grafana" / "provisioning"),
                    "OBSTACK_LAB_DASHBOARDS": str(stack / "dashboards" / "grafana"),
                    "OBSTACK_LAB_URL": self._orchestrator.url,
                    "OBSTACK_LAB_TOKEN": self._orchestrator.token,
                }
            ),
            log=self._place.log(self.name),
            cwd=self._program.home,
        )

    def _folders(self) -> dict[str, str]:
        """Return where it keeps what it makes: the token lies in its database, encrypted."""
        folder = self._place.home.private / "grafana"
        folders = {
            "GF_PATHS_DATA": folder,
            "GF_PATHS_LOGS": folder / "log",
            "GF_PATHS_PLUGINS": folder / "plugins",
        }
        for each in folders.values():
            Path(each).mkdir(mode=0o700, parents=True, exist_ok=True)
        return {name: str(each) for name, each in folders.items()}

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/api/health")
