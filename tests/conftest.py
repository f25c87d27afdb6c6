"""How tests on real components run: which beside which, and a second chance.

Those with a browser or containers wait most of the time; they run beside the others where pytest
has two processes (`--numprocesses=2 --dist=loadscope`), as in `./lab test`.

A machine that is busy for a moment fails a test whose subject is sound. With `--second-chance` such
a test runs once more at the end, in a process of its own, and is named as flaky when it passes
then. A unit test gets none, nor does a run in which more than an accident failed.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
BESIDE = ("notebooks", "browser", "compose")
"""Folders whose tests run beside the others."""
GRANTED = ("integration", *BESIDE)
"""Folders whose tests meet real components."""
MOST_FILES = 3
"""Failures in more files than that are no accident."""
SECONDS = 900
SECONDS_TO_END = 30


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--second-chance",
        action="store_true",
        help="run a failed test on real components once more at the end; passing then is flaky",
    )


def pytest_configure(config: pytest.Config) -> None:
    # Labs of tests are processes, whatever Docker there is; tests/compose brings its own.
    os.environ["DOCKER_HOST"] = "unix:///nobody/docker.sock"
    if config.getoption("--second-chance") and not hasattr(config, "workerinput"):
        config.pluginmanager.register(SecondChance(config), "second-chance")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    if config.getvalue("dist") != "loadscope":
        return None
    from xdist.scheduler import LoadScopeScheduling

    class TwoAtATime(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return str(nodeid.split("/")[1] in BESIDE)

    return TwoAtATime(config, log)


@pytest.fixture(scope="session", autouse=True)
def _no_orchestrator_is_left() -> Iterator[None]:
    """End those that a failed start has left for its user to look at."""
    from obstack_lab.orchestrator import daemon

    yield
    for process in daemon._spawned:
        if process.poll() is None:
            process.terminate()
            process.wait(SECONDS_TO_END)


class SecondChance:
    """Keeps what failed, and tries it again when everything else is over."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._failed: dict[str, Path] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            path = self._config.rootpath / report.nodeid.split("::")[0]
            self._failed[report.nodeid] = path

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, None, None]:
        yield
        if session.exitstatus != pytest.ExitCode.TESTS_FAILED or not self._granted():
            return
        say = session.config.get_terminal_writer()
        say.sep("=", f"second chance for {len(self._failed)}", bold=True)
        say.flush()
        if not self._pass_now():
            say.sep("=", "failed again", red=True, bold=True)
            return
        for name in self._failed:
            say.line(f"FLAKY {name}", yellow=True)
        say.sep("=", f"{len(self._failed)} flaky: failed once, passed when run again", yellow=True)
        session.exitstatus = pytest.ExitCode.OK

    def _granted(self) -> bool:
        folders = [HERE / name for name in GRANTED]
        files = set(self._failed.values())
        return 0 < len(files) <= MOST_FILES and all(
            any(folder in path.parents for folder in folders) for path in files
        )

    def _pass_now(self) -> bool:
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *self._failed]
        try:
            done = subprocess.run(command, cwd=self._config.rootpath, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == pytest.ExitCode.OK
