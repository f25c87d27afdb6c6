"""One process: a list argv, its own session, a log file, TERM and then KILL."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from obstack_lab.engine.embedded.account import Account
from obstack_lab.engine.embedded.spawner import Spawner
from obstack_lab.engine.supervision import CLEAN_EXIT
from obstack_lab.errors import EngineError

_LOG_LIMIT = 20_000_000
_TAIL_BYTES = 400_000
_LAST_WORDS = 300


@dataclass(frozen=True)
class Command:
    """What to run and how: `death` is the signal it gets when the orchestrator dies."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    log: Path
    cwd: Path
    account: Account | None = None
    death: str = "KILL"
    stop_signal: signal.Signals = signal.SIGTERM
    pipes: bool = False


class Process:
    """A started process."""

    def __init__(self, name: str, command: Command, spawner: Spawner) -> None:
        self.name = name
        self.command = command
        argv = spawner.dying_with_us(command.argv, command.death)
        log = open_log(command.log)
        try:
            self.popen = spawner.spawn(lambda: self._popen(argv, log))
        except OSError as error:
            raise EngineError(
                f"{name} could not be started: {error}. See `./lab doctor`.", component=name
            ) from error
        finally:
            os.close(log)

    @property
    def pid(self) -> int:
        return self.popen.pid

    def ended(self) -> str | None:
        """Say how the process ended, or None while it runs."""
        code = self.popen.poll()
        return None if code is None else describe_exit(code)

    def send(self, number: signal.Signals) -> None:
        """Send a signal; one that has ended already is no error."""
        if self.popen.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.popen.send_signal(number)

    def stop(self, grace: float) -> None:
        """Ask it to end, then make it, with whatever is left of its process group."""
        self.send(self.command.stop_signal)
        self.send(signal.SIGCONT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.popen.wait(timeout=grace)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.popen.pid, signal.SIGKILL)
        try:
            self.popen.wait(timeout=5)
        except subprocess.TimeoutExpired as error:
            raise EngineError(
                f"{self.name} (pid {self.pid}) does not end, not even by SIGKILL.",
                component=self.name,
            ) from error
        finally:
            for pipe in (self.popen.stdin, self.popen.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()

    def _popen(self, argv: list[str], log: int) -> subprocess.Popen[bytes]:
        command = self.command
        account = command.account
        return subprocess.Popen(
            argv,
            stdin=subprocess.PIPE if command.pipes else subprocess.DEVNULL,
            stdout=subprocess.PIPE if command.pipes else log,
            stderr=log,
            cwd=command.cwd,
            env=dict(command.env),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=() if account else None,
        )


def open_log(path: Path) -> int:
    """Open a log for appending; one that has grown too long starts anew."""
    with contextlib.suppress(FileNotFoundError):
        if path.stat().st_size > _LOG_LIMIT:
            path.replace(path.with_suffix(".old.log"))
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)


def tail(path: Path, lines: int) -> str:
    """Return the last lines of a log, `''` where there is none."""
    try:
        with path.open("rb") as log:
            size = log.seek(0, os.SEEK_END)
            log.seek(max(0, size - _TAIL_BYTES))
            text = log.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    kept = text.splitlines()[-lines:] if lines > 0 else []
    return "\n".join(kept) + "\n" if kept else ""


def last_words(path: Path, component: str) -> str:
    """Return the last line of a log and where the others are."""
    line = tail(path, 1).strip()
    said = f"It said last: {line[:_LAST_WORDS]} " if line else ""
    return f"{said}Read `./lab logs {component}`."


def describe_exit(code: int) -> str:
    """Say in words how a process ended; `code` is negative for a signal."""
    if code == 0:
        return CLEAN_EXIT
    if code > 0:
        return f"ended with exit code {code}"
    try:
        return f"killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"killed by signal {-code}"
