"""Finding, starting and stopping the daemon, without starting one."""

from __future__ import annotations

import fcntl
import os
import stat

import psutil
import pytest

from obstack_lab.errors import Timeout, UsageError
from obstack_lab.orchestrator import daemon
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState, read_state, write_state


@pytest.fixture
def home(tmp_path) -> LabHome:
    home = LabHome(tmp_path / "lab with ümlauts")
    home.create()
    return home


def state(**changes: object) -> LabState:
    this = psutil.Process()
    return LabState(
        lab_id="0badcafe",
        pid=this.pid,
        pid_started=this.create_time(),
        url="http://127.0.0.1:1",
        token="t",
        engine="memory",
        started_at=0,
    ).model_copy(update=changes)


def test_where_nothing_was_started_nothing_is_found(home: LabHome) -> None:
    assert daemon.attach(home) is None
    assert not daemon.shutdown(home)
    assert not daemon.shutdown(LabHome(home.path / "nowhere"))


def test_a_process_that_does_not_answer_is_no_lab(home: LabHome) -> None:
    write_state(home, state())
    assert daemon.attach(home) is None


@pytest.mark.parametrize("changes", [{"pid_started": 1.0}, {"pid": 2**22 + 1}])
def test_a_later_process_with_the_same_number_is_left_alone(
    home: LabHome, changes: dict[str, float]
) -> None:
    write_state(home, state(**changes))
    assert daemon.attach(home) is None
    assert not daemon.shutdown(home)
    assert read_state(home) is None
    assert psutil.pid_exists(os.getpid())


def test_the_state_is_for_its_owner_alone(home: LabHome) -> None:
    write_state(home, state())
    assert stat.S_IMODE(home.state_file.stat().st_mode) == 0o600


def test_two_at_a_time_wait_for_each_other(home: LabHome) -> None:
    with (home.path / "up.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Timeout, match="still at work"):
            daemon.launch(home, timeout=0.1)


def test_a_place_where_nothing_can_be_written_is_named(tmp_path) -> None:
    (tmp_path / "file").write_text("no directory")
    with pytest.raises(UsageError, match="Choose another directory with OBSTACK_LAB_HOME"):
        daemon.launch(LabHome(tmp_path / "file" / "lab"))
