"""Prometheus: scrapes each service every second, evaluates the alert rules."""

from __future__ import annotations

import subprocess
from pathlib import Path

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem, http_problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import find_program
from obstack_lab.engine.embedded.targets import Targets
from obstack_lab.errors import EngineError

_CHECK_SECONDS = 10


class Prometheus(ProcessUnit, Targets):
    """The metrics store. Its configuration is the one of `stack/prometheus/`, copied unchanged."""

    ready_seconds = 20.0

    def __init__(self, place: Place) -> None:
        ProcessUnit.__init__(self, "prometheus", "metrics", place)
        Targets.__init__(self, place.home.data / "prometheus")
        self.port = place.ports.of("prometheus")
        self.address = f"http://127.0.0.1:{self.port}"

    def _begin(self) -> None:
        self.configure()
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
            # Collect at a quarter over what lives, not at twice: memory is scarcer than time.
            env=self._place.environment({"GOGC": "25"}),
            log=self._place.log(self.name),
            cwd=self._folder,
        )

    def _problem(self) -> Problem:
        return http_problem(f"{self.address}/-/ready")

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
