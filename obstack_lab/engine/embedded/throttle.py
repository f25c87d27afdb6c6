"""A process that gets a share of one core and no more."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from pathlib import Path
from typing import Protocol

import psutil

from obstack_lab.engine.embedded.control_group import ControlGroup

_CYCLE = 0.1
_LOOK_EVERY = 1.0
"""Seconds after which children that came meanwhile are held, too."""


class Throttle(Protocol):
    """Holds one component's process, and those below it, to a share."""

    folders: tuple[Path, ...]
    """what the kernel keeps of it, to be removed by whoever comes after us"""

    def hold(self, pid: int, share: float) -> None:
        """Hold this process to a share; a new process or another share replaces the one before."""

    def pause(self, *, on: bool) -> None:
        """Say that somebody has stopped the process himself, or lets it go on."""

    def release(self) -> None:
        """Let it take what it wants."""


def throttle(name: str) -> Throttle:
    """Return the best throttle there is here: the kernel's quota, else stop and go."""
    group = ControlGroup.make(name)
    return Quota(group) if group is not None else StopAndGo(name)


class Quota:
    """The kernel counts: a control group."""

    def __init__(self, group: ControlGroup) -> None:
        self._group = group
        self.folders: tuple[Path, ...] = (group.folder,)

    def hold(self, pid: int, share: float) -> None:
        self._group.allow(share)
        self._group.take(_family(pid))

    def pause(self, *, on: bool) -> None:
        """Nothing to do: a group does not wake what is stopped."""

    def release(self) -> None:
        self._group.close()


class StopAndGo:
    """A thread that stops the process for a part of each tenth of a second.

    It ends with the lab, and with a CONT. Whoever kills the lab's process kills those it holds.
    """

    def __init__(self, name: str) -> None:
        self.folders: tuple[Path, ...] = ()
        self._name = name
        self._end = threading.Event()
        self._paused = threading.Event()
        self._thread: threading.Thread | None = None

    def hold(self, pid: int, share: float) -> None:
        self.release()
        self._end = threading.Event()
        self._thread = threading.Thread(
            target=self._beat,
            args=(pid, share, self._end),
            name=f"obstack-throttle-{self._name}",
            daemon=True,
        )
        self._thread.start()

    def pause(self, *, on: bool) -> None:
        (self._paused.set if on else self._paused.clear)()

    def release(self) -> None:
        self._end.set()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        self._paused.clear()

    def _beat(self, pid: int, share: float, end: threading.Event) -> None:
        family: tuple[int, ...] = ()
        looked = 0.0
        try:
            while not end.wait(_CYCLE * share):
                if self._paused.is_set():
                    continue
                if time.monotonic() - looked > _LOOK_EVERY:
                    family, looked = _family(pid), time.monotonic()
                if not family:
                    return
                _send(family, signal.SIGSTOP)
                end.wait(_CYCLE * (1 - share))
                if not self._paused.is_set():
                    _send(family, signal.SIGCONT)
        finally:
            if not self._paused.is_set():
                _send(family, signal.SIGCONT)


def _family(pid: int) -> tuple[int, ...]:
    try:
        process = psutil.Process(pid)
        return (pid, *(child.pid for child in process.children(recursive=True)))
    except psutil.NoSuchProcess:
        return ()


def _send(pids: tuple[int, ...], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
