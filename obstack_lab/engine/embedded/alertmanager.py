"""Alertmanager, where a lab wants it: Prometheus tells it of alerts, it tells people."""

from __future__ import annotations

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import find_alertmanager
from obstack_lab.engine.pager import Pager


class Alertmanager(ProcessUnit):
    """Groups alerts and notifies the receivers of `stack/alertmanager/`."""

    ready_seconds = 20.0

    def __init__(self, place: Place, pager: Pager) -> None:
        super().__init__("alertmanager", "metrics", place)
        self._pager = pager
        self.listens = f"127.0.0.1:{place.ports.of('alertmanager')}"
        self.address = f"http://{self.listens}"

    def _command(self) -> Command:
        folder = self._place.home.private / "alertmanager"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "alertmanager.yml"
        file.touch(mode=0o600)
        file.write_text(self._pager.configuration(), encoding="utf-8")
        program = find_alertmanager(self._place.home)
        return Command(
            argv=(
                str(program),
                f"--config.file={file}",
                f"--storage.path={folder / 'data'}",
                f"--web.listen-address={self.listens}",
                f"--web.external-url={self.address}",
                "--cluster.listen-address=",
                "--log.level=warn",
            ),
            env=self._place.environment(),
            log=self._place.log(self.name),
            cwd=folder,
        )

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/-/ready")
