"""Prometheus: scrapes each service every second, evaluates the alert rules."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import find_program
from obstack_lab.errors import EngineError
from obstack_lab.settings import resources

_CHECK_SECONDS = 10


@dataclass(frozen=True)
class Target:
    """One instance to scrape; its identity goes to every series as target labels."""

    address: str
    service: str
    release: str
    instance: str


class Prometheus(ProcessUnit):
    """The metrics store. Its configuration is the one of `stack/prometheus/`, copied unchanged."""

    ready_seconds = 20.0

    def __init__(self, place: Place) -> None:
        super().__init__("prometheus", "metrics", place)
        self.port = place.ports.of("prometheus")
        self.address = f"http://127.0.0.1:{self.port}"
        self._folder = place.home.data / "prometheus"
        self._writing = threading.Lock()

    def scrape(self, targets: Iterable[Target]) -> None:
        """Replace the list of instances; Prometheus sees the change by itself."""
        listed = [
            {
                "targets": [target.address],
                # A port is new with each start; the series should go on.
                "labels": {
                    "instance": target.instance,
                    "service_name": target.service,
                    "service_version": target.release,
                    "service_instance_id": target.instance,
                },
            }
            for target in targets
        ]
        self._tell("targets", "services", listed)

    def notify(self, alertmanager: str | None) -> None:
        """Tell who is told of alerts (`HOST:PORT`), if anybody is."""
        listed = [{"targets": [alertmanager]}] if alertmanager else []
        self._tell("alertmanagers", "lab", listed)

    def _tell(self, what: str, name: str, listed: Sequence[Mapping[str, object]]) -> None:
        folder = self._folder / what
        folder.mkdir(parents=True, exist_ok=True)
        draft = folder / f"{name}.new"
        with self._writing:
            draft.write_text(json.dumps(listed, indent=2), encoding="utf-8")
            draft.replace(folder / f"{name}.json")

    def _begin(self) -> None:
        self._configure()
        try:
            super()._begin()
        except EngineError as error:
            if wrong := self._check():
                raise EngineError(
                    f"Prometheus refuses its configuration: {wrong}", component=self.name
                ) from error
            raise

    def _command(self) -> Command:
        program = find_program("prometheus", self._place.home)
        return Command(
            argv=(
                str(program),
                f"--config.file={self._folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={self._folder / 'tsdb'}",
                "--storage.tsdb.retention.time=12h",
                "--storage.tsdb.retention.size=512MB",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--enable-feature=exemplar-storage",
                "--query.timeout=20s",
                # Scraped each second: what is older than this is gone, not "still so".
                "--query.lookback-delta=10s",
                "--log.level=warn",
                *_quick_discovery(program),
            ),
            env=self._place.environment(),
            log=self._place.log(self.name),
            cwd=self._folder,
        )

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/-/ready")

    def _configure(self) -> None:
        source = resources() / "stack/prometheus"
        self._folder.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / "prometheus.yml", self._folder / "prometheus.yml")
        shutil.rmtree(self._folder / "rules", ignore_errors=True)
        shutil.copytree(source / "rules", self._folder / "rules")

    def _check(self) -> str:
        program = find_program("prometheus", self._place.home).with_name("promtool")
        if not program.exists():
            return ""
        done = subprocess.run(
            [str(program), "check", "config", str(self._folder / "prometheus.yml")],
            capture_output=True,
            text=True,
            timeout=_CHECK_SECONDS,
            check=False,
        )
        wrong = [line for line in (done.stdout + done.stderr).splitlines() if "FAILED" in line]
        return wrong[0].strip() if done.returncode and wrong else ""


def _quick_discovery(program: Path) -> tuple[str, ...]:
    """Return the option that shows new targets sooner (hidden, so ask whether it is known).

    Prometheus throttles changes of targets twice, by 5 s each; one of the two can be set.
    """
    option = "--scrape.discovery-reload-interval=1s"
    done = subprocess.run(
        [str(program), option, "--version"],
        capture_output=True,
        timeout=_CHECK_SECONDS,
        check=False,
    )
    return (option,) if done.returncode == 0 else ()
