"""The embedded engine's processes: nothing is left, however the orchestrator ends."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from obstack_lab.engine.embedded import wipe
from obstack_lab.engine.embedded.account import reachable
from obstack_lab.engine.reap import leftovers, reap
from obstack_lab.engine.record import FILE_NAME
from obstack_lab.settings import LAB_ID_VARIABLE, LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.integration
DRIVER = Path(__file__).with_name("orchestrator.py")
LEASH_SECONDS = 20.0
"""5 s on a quiet machine."""


class Lab:
    """A stand-in orchestrator in a process of its own, and what runs below it."""

    def __init__(self, home: LabHome, *prefix: str) -> None:
        self.home = home
        self.lab_id = new_lab_id()
        self.process = subprocess.Popen(
            [*prefix, sys.executable, str(DRIVER), str(home.path), self.lab_id],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        said = self.process.stdout.readline()
        assert said, f"the engine did not start: {self.process.wait(10)}"
        self.pids: dict[str, int] = json.loads(said)

    def processes(self) -> list[psutil.Process]:
        """Every process of this lab but the orchestrator, found by the id in its environment."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    def _is_ours(self, process: psutil.Process) -> bool:
        if process.pid == self.process.pid:
            return False
        try:
            return (
                process.environ().get(LAB_ID_VARIABLE) == self.lab_id
                and process.status() != psutil.STATUS_ZOMBIE
            )
        except psutil.NoSuchProcess:
            return False
        except (psutil.Error, OSError):
            return process.pid in self.pids.values()

    def gone_within(self, seconds: float) -> bool:
        deadline = time.monotonic() + seconds
        while self.processes():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
        return True

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.communicate("stop\n", timeout=60)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHome]:
    """One directory for all tests here: the data set is loaded once."""
    home = LabHome(tmp_path_factory.mktemp("processes") / "läb with spaces")
    yield home
    wipe(home)


@pytest.fixture
def lab(home: LabHome) -> Iterator[Lab]:
    lab = Lab(home)
    yield lab
    lab.stop()
    assert lab.gone_within(LEASH_SECONDS)


def test_sigkill_of_the_orchestrator_takes_everything_with_it(lab: Lab) -> None:
    assert len(lab.processes()) >= len(lab.pids)
    # What a learner has stopped hears no death signal but SIGKILL: the leash ends it.
    for name in ("postgres", "services", "prometheus", "edge"):
        os.kill(lab.pids[name], signal.SIGSTOP)
    lab.kill()
    assert lab.gone_within(LEASH_SECONDS), lab.processes()
    assert not (lab.home.private / FILE_NAME).exists()


def test_without_the_leash_the_death_signal_does_it(lab: Lab) -> None:
    (leash,) = [each for each in lab.processes() if "obstack-leash" in each.cmdline()]
    leash.kill()
    lab.kill()
    assert lab.gone_within(LEASH_SECONDS), lab.processes()


def test_the_next_start_ends_what_was_left(lab: Lab) -> None:
    (leash,) = [each for each in lab.processes() if "obstack-leash" in each.cmdline()]
    leash.kill()
    os.kill(lab.pids["postgres"], signal.SIGSTOP)
    assert reap(lab.home) == (), "the orchestrator lives"
    lab.kill()
    assert "postgres" in leftovers(lab.home)
    assert "postgres" in reap(lab.home)
    assert lab.gone_within(LEASH_SECONDS)
    again = Lab(lab.home)
    again.stop()


def listening(connections: Iterable[Any]) -> set[tuple[str, int]]:
    """Return address and port of every listening socket."""
    return {
        (each.laddr.ip, each.laddr.port)
        for each in connections
        if each.status == psutil.CONN_LISTEN
    }


def test_stop_leaves_no_process_and_no_port(lab: Lab) -> None:
    ours = set()
    for process in lab.processes():
        with contextlib.suppress(psutil.NoSuchProcess):
            ours |= listening(process.net_connections("tcp"))
    assert len(ours) >= len(lab.pids) - 2
    assert {address for address, _ in ours} == {"127.0.0.1"}, "the loopback only"
    lab.stop()
    assert lab.gone_within(LEASH_SECONDS), lab.processes()
    assert not ours & listening(psutil.net_connections("tcp"))


def test_no_password_is_in_a_command_line_or_an_environment(lab: Lab) -> None:
    passwords = json.loads((lab.home.private / "postgres.json").read_bytes()).values()
    for process in lab.processes():
        try:
            seen = " ".join((*process.cmdline(), *process.environ().values()))
        except psutil.NoSuchProcess:  # a connection's process of PostgreSQL's has ended meanwhile
            continue
        assert not [each for each in passwords if each in seen], process.name()


def test_a_long_path_is_no_trouble_for_the_sockets(tmp_path: Path) -> None:
    home = LabHome(tmp_path / ("a long name " * 9).strip())
    lab = Lab(home)
    lab.kill()
    assert lab.gone_within(LEASH_SECONDS)
    assert not list(Path("/tmp").glob(f"obstack-*-{lab.lab_id}"))  # noqa: S108 what we look for
    wipe(home)


def test_the_data_set_is_kept_between_starts_and_a_warm_start_is_quick(lab: Lab) -> None:
    lab.stop()
    began = time.monotonic()
    again = Lab(lab.home)
    seconds = time.monotonic() - began
    again.stop()
    assert seconds < 30, "5 s on a quiet machine"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root changes the user")
def test_it_runs_as_a_plain_user(tmp_path: Path) -> None:
    if not reachable(Path(sys.executable).resolve().parent) or not reachable(DRIVER.parent):
        pytest.skip("a plain user cannot reach this checkout or its Python")
    nobody = pwd.getpwnam("nobody")
    folder = Path("/var/tmp") / f"obstack-test-{new_lab_id()}"  # noqa: S108 needs to be reachable
    folder.mkdir(mode=0o755)
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    try:
        lab = Lab(
            LabHome(folder / "lab"),
            *("setpriv", "--reuid", "nobody", "--regid", str(nobody.pw_gid), "--clear-groups"),
        )
        owners = {each.uids().real for each in lab.processes()}
        assert owners == {nobody.pw_uid}
        lab.kill()
        assert lab.gone_within(LEASH_SECONDS)
    finally:
        shutil.rmtree(folder)
