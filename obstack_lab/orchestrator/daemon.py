"""Find, start and stop the orchestrator of a lab. Light: the command line and notebooks use it.

`attach` looks for a running one, `launch` starts one unless it runs, `shutdown` ends it. Two
callers at the same time are safe: launching and stopping hold a lock in the lab's directory.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import psutil

from obstack_lab.engine.choice import EngineName
from obstack_lab.engine.ending import see_out
from obstack_lab.engine.living import living, runs
from obstack_lab.errors import EngineError, LabDown, LabError, Timeout, UsageError
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import ProgressView, StatusView
from obstack_lab.settings import HOME_VARIABLE, LAB_ID_VARIABLE, LabHome
from obstack_lab.state import LabState, clear_state, new_lab_id, read_state

Backends = Literal["built-in", "native"]
Report = Callable[[ProgressView], None]

_PAUSE = 0.05
_ANSWERS_WITHIN = 3.0
_LEASH = 5.0
"""Seconds within which components are gone once their orchestrator is."""
_NEEDED_SPACE = 300_000_000
"""Bytes for the data set, its log, and metrics, logs and traces of some hours."""
_LOG = "orchestrator.log"
FAILURE = "failure.txt"
"""File in the lab's private folder: the one line for which an orchestrator gave up."""
_spawned: list[subprocess.Popen[bytes]] = []
"""Orchestrators that this process started: kept, so that it can reap one that ends."""


def attach(home: LabHome) -> LabState | None:
    """Return the state of the lab that runs in `home`, or None where none does.

    The recorded process must live, be the recorded one (not a later one with its number), and
    answer as this lab.
    """
    state = _recorded(home)
    if state is None:
        return None
    try:
        with Client(state, timeout=_ANSWERS_WITHIN) as client:
            return state if client.status().lab_id == state.lab_id else None
    except LabError:
        return None


def launch(
    home: LabHome,
    *,
    engine: EngineName = "auto",
    backends: Backends | None = None,
    alertmanager: bool = False,
    report: Report | None = None,
    timeout: float = 180,
) -> LabState:
    """Start the lab of `home` unless it runs; return when every component is healthy.

    `backends` are built-in where nothing is said; a lab that runs with others is a UsageError.
    `report` hears of every step once. Raises Timeout, and EngineError with the reason for which
    the orchestrator gave up.
    """
    deadline = time.monotonic() + timeout
    prepare(home)
    with _lock(home, deadline):
        state = _recorded(home)
        if state is None:
            clear_state(home)
            process = _spawn(home, engine, backends or "built-in", alertmanager=alertmanager)
            state = _await_state(home, process, deadline)
        elif backends not in {None, state.backends}:
            raise UsageError(
                f"A lab with {state.backends} backends runs here already. End it with "
                f"`./lab down`, then start it with `--backends {backends}`."
            )
        _await_health(home, state, report or (lambda _: None), deadline)
        return state


def shutdown(home: LabHome, timeout: float = 30) -> bool:
    """Stop the lab of `home`; return False where none ran. No process of it is left."""
    if not home.path.is_dir():
        return False
    deadline = time.monotonic() + timeout
    with _lock(home, deadline):
        remembered = read_state(home)
        if remembered is None:
            return False
        ran = _recorded(home) is not None
        if ran:
            _end(remembered.pid, deadline)
        _end_leftovers(remembered.lab_id)
        clear_state(home)
        for process in _spawned:
            process.poll()
        return ran


def processes(lab_id: str) -> tuple[psutil.Process, ...]:
    """Return every process that carries the lab's id, but not the caller and its ancestors."""
    callers = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid in callers or not runs(process):
                continue
            if process.environ().get(LAB_ID_VARIABLE) == lab_id:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return tuple(found)


def prepare(home: LabHome) -> None:
    """Make the directory of a lab that does not run; raise where it could not live there.

    Raises UsageError where nobody may write, EngineError where too little space is left.
    """
    if _recorded(home) is not None:
        return
    try:
        home.create()
    except OSError as error:
        raise UsageError(
            f"The lab cannot write in {home.path}: {error.strerror}. "
            f"Choose another directory with {HOME_VARIABLE}."
        ) from error
    free = shutil.disk_usage(home.path).free
    if free < _NEEDED_SPACE:
        raise EngineError(
            f"Only {free / 1e6:.0f} MB are free in {home.path}, and a lab needs "
            f"{_NEEDED_SPACE / 1e6:.0f} MB. Free some, or choose another directory with "
            f"{HOME_VARIABLE}."
        )


def _recorded(home: LabHome) -> LabState | None:
    state = read_state(home)
    if state is None:
        return None
    try:
        return state if living(state.pid, state.pid_started) else None
    except psutil.Error:
        return None


def _spawn(
    home: LabHome, engine: str, backends: str, *, alertmanager: bool
) -> subprocess.Popen[bytes]:
    (home.private / FAILURE).unlink(missing_ok=True)
    argv = [sys.executable, "-m", "obstack_lab.orchestrator", "--home", str(home.path)]
    argv += ["--engine", engine, "--backends", backends]
    argv += ["--alertmanager"] if alertmanager else []
    environment = os.environ | {HOME_VARIABLE: str(home.path), LAB_ID_VARIABLE: new_lab_id()}
    with (home.logs / _LOG).open("ab") as log:
        process = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=environment,
            cwd=home.path,
        )
    _spawned.append(process)
    return process


def _await_state(home: LabHome, process: subprocess.Popen[bytes], deadline: float) -> LabState:
    while time.monotonic() < deadline:
        state = read_state(home)
        if state is not None and state.pid == process.pid:
            return state
        if process.poll() is not None:
            raise EngineError(_failure(home), component="orchestrator")
        time.sleep(_PAUSE)
    process.kill()
    process.wait(_LEASH)
    raise Timeout(f"The orchestrator did not answer in time. Its log: {home.logs / _LOG}")


def _await_health(home: LabHome, state: LabState, report: Report, deadline: float) -> None:
    told: set[tuple[str, str]] = set()
    status: StatusView | None = None
    with Client(state, timeout=_ANSWERS_WITHIN) as client:
        while time.monotonic() < deadline:
            try:
                status = client.status()
            except (LabDown, Timeout):
                if _recorded(home) is None:
                    raise EngineError(_failure(home), component="orchestrator") from None
                time.sleep(_PAUSE)
                continue
            for step in status.starting or (status.started if told else ()):
                if (step.component, step.state) not in told:
                    told.add((step.component, step.state))
                    report(step)
            if not status.starting:
                for component in status.components:
                    if (component.name, "ready") not in told:
                        report(ProgressView(component=component.name, state="ready"))
                return
            time.sleep(_PAUSE)
    waiting = [s.component for s in status.starting if s.state != "ready"] if status else []
    raise Timeout(
        f"Not healthy in time: {', '.join(waiting) or 'the orchestrator'}. "
        f"Look into {home.logs}, then `./lab down` and `./lab up`."
    )


def _failure(home: LabHome) -> str:
    try:
        said = (home.private / FAILURE).read_text(encoding="utf-8").strip()
    except OSError:
        said = ""
    return said or f"The orchestrator ended while it started. Its log: {home.logs / _LOG}"


def _end(pid: int, deadline: float) -> None:
    with suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        process.send_signal(signal.SIGTERM)
        see_out([process], max(1.0, deadline - time.monotonic() - _LEASH), killed=_LEASH)


def _end_leftovers(lab_id: str) -> None:
    deadline = time.monotonic() + _LEASH
    while left := processes(lab_id):
        if time.monotonic() > deadline:
            see_out(left, 0, killed=_LEASH)
            return
        time.sleep(_PAUSE)


@contextmanager
def _lock(home: LabHome, deadline: float) -> Iterator[None]:
    path: Path = home.path / "up.lock"
    with path.open("a") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise Timeout(
                        "Another `./lab up` or `./lab down` is still at work in "
                        f"{home.path}. Wait for it, or end it, and try again."
                    ) from None
                time.sleep(_PAUSE)
        yield
