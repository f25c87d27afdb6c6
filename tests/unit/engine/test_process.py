"""Processes, their record and their end: with `sh` and `cat` instead of components."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from obstack_lab.engine.embedded.process import Command, Process, describe_exit, tail
from obstack_lab.engine.embedded.spawner import Spawner
from obstack_lab.engine.reap import end_recorded, leftovers, reap
from obstack_lab.engine.record import FILE_NAME, ProcessRecord, RosterFile
from obstack_lab.errors import EngineError
from obstack_lab.settings import LabHome

ENV = {"PATH": os.environ["PATH"], "OBSTACK_LAB_ID": "cafe0001"}
READY = 'echo ready; trap "exit 0" TERM; while :; do read -r x; done'
STUBBORN = 'trap "" TERM; echo ready; cat'


@pytest.fixture
def spawner() -> Iterator[Spawner]:
    spawner = Spawner()
    yield spawner
    spawner.close()


def command(tmp_path: Path, script: str) -> Command:
    return Command(
        argv=("sh", "-c", script), env=ENV, log=tmp_path / "x.log", cwd=tmp_path, pipes=True
    )


def ready(process: Process) -> Process:
    assert process.popen.stdout is not None
    assert process.popen.stdout.readline() == b"ready\n"
    return process


def test_a_process_has_its_own_session_and_dies_with_the_spawning_thread(
    spawner: Spawner, tmp_path: Path
) -> None:
    process = ready(Process("x", command(tmp_path, READY), spawner))
    assert os.getsid(process.pid) == process.pid
    spawner._queue.put(None)
    assert process.popen.wait(timeout=5) == -signal.SIGKILL, "no death signal without setpriv"
    process.stop(1)


def test_a_process_that_will_not_end_is_killed_with_its_children(
    spawner: Spawner, tmp_path: Path
) -> None:
    process = ready(Process("x", command(tmp_path, STUBBORN), spawner))
    children = psutil.Process(process.pid).children()
    process.stop(grace=0.05)
    assert process.ended() == "killed by SIGKILL"
    _, alive = psutil.wait_procs(children, timeout=2)
    assert not alive


def test_a_stopped_process_ends_too(spawner: Spawner, tmp_path: Path) -> None:
    process = ready(Process("x", command(tmp_path, "echo ready; cat"), spawner))
    process.send(signal.SIGSTOP)
    process.stop(grace=5)
    assert process.ended() == "killed by SIGTERM"


def test_a_program_that_is_not_there_is_an_engine_error(spawner: Spawner, tmp_path: Path) -> None:
    spawner._setpriv = None
    wrong = Command(argv=("/nowhere/x",), env=ENV, log=tmp_path / "x.log", cwd=tmp_path)
    with pytest.raises(EngineError, match="could not be started"):
        Process("x", wrong, spawner)


def test_the_tail_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "x.log"
    assert tail(log, 5) == ""
    log.write_text("one\ntwo\nthree\n")
    assert tail(log, 2) == "two\nthree\n"
    assert tail(log, 0) == ""


def test_an_end_is_told_in_words() -> None:
    assert describe_exit(2) == "ended with exit code 2"
    assert describe_exit(-9) == "killed by SIGKILL"


@pytest.fixture
def home(tmp_path: Path) -> LabHome:
    home = LabHome(tmp_path / "lab")
    home.create()
    return home


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE, env=ENV) as child:
        yield child
        child.kill()


def recorded(home: LabHome, child: subprocess.Popen[bytes], lab_id: str = "cafe0001") -> Path:
    path = home.private / FILE_NAME
    RosterFile(path, lab_id).add("orders", child.pid)
    return path


def orphaned(path: Path) -> None:
    """Let the record's owner be a process that has ended."""
    text = path.read_text()
    path.write_text(text.replace(f'"pid": {os.getpid()}', '"pid": 4194303', 1))


def test_what_a_dead_orchestrator_left_is_ended(
    home: LabHome, child: subprocess.Popen[bytes]
) -> None:
    path = recorded(home, child)
    orphaned(path)
    assert leftovers(home) == ("orders",)
    assert reap(home) == ("orders",)
    assert not psutil.pid_exists(child.pid)
    assert not path.exists()
    assert reap(home) == ()


def test_what_a_living_orchestrator_has_is_left_alone(
    home: LabHome, child: subprocess.Popen[bytes]
) -> None:
    recorded(home, child)
    assert leftovers(home) == ()
    assert reap(home) == ()
    assert child.poll() is None


def test_a_process_of_another_lab_is_left_alone(
    home: LabHome, child: subprocess.Popen[bytes]
) -> None:
    path = recorded(home, child, lab_id="cafe0002")
    assert end_recorded(path) == ()
    assert child.poll() is None


def test_a_pid_that_was_given_to_another_process_is_left_alone(
    child: subprocess.Popen[bytes],
) -> None:
    record = ProcessRecord.of("orders", child.pid)
    assert record is not None
    later = ProcessRecord(record.name, record.pid, record.started - 60)
    assert record.process("cafe0001") is not None
    assert later.process("cafe0001") is None


def test_a_broken_record_is_no_record(home: LabHome) -> None:
    (home.private / FILE_NAME).write_text("{not json")
    assert reap(home) == ()


def test_a_stopped_leftover_is_ended_too(home: LabHome, child: subprocess.Popen[bytes]) -> None:
    child.send_signal(signal.SIGSTOP)
    path = recorded(home, child)
    assert end_recorded(path) == ("orders",)
    assert not psutil.pid_exists(child.pid)
