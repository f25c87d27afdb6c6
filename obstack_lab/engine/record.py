"""What a lab has running, on disk: so that whoever comes after a dead orchestrator can end it.

Imports nothing heavy: the leash runs it.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from obstack_lab.engine.living import living

FILE_NAME = "processes.json"
"""In the lab's private folder."""


@dataclass(frozen=True)
class ProcessRecord:
    """One process, known by its pid together with its start time: a pid alone is reused."""

    name: str
    pid: int
    started: float

    @classmethod
    def of(cls, name: str, pid: int) -> ProcessRecord | None:
        """Describe a running process; None where it is gone already."""
        try:
            return cls(name, pid, psutil.Process(pid).create_time())
        except psutil.NoSuchProcess:
            return None

    def process(self, lab_id: str) -> psutil.Process | None:
        """Return the process if it still is this one and belongs to the lab, else None."""
        process = living(self.pid, self.started)
        return process if process and _belongs(process, lab_id) else None


@dataclass(frozen=True)
class Roster:
    """All processes of one lab, who looks after them, and folders to remove with them."""

    lab_id: str
    owner: ProcessRecord | None
    processes: tuple[ProcessRecord, ...] = ()
    folders: tuple[str, ...] = ()


def read_roster(path: Path) -> Roster | None:
    """Return what was recorded, or None where nothing (readable) was."""
    try:
        raw = json.loads(path.read_bytes())
        return Roster(
            lab_id=raw["lab_id"],
            owner=ProcessRecord(**raw["owner"]) if raw["owner"] else None,
            processes=tuple(ProcessRecord(**each) for each in raw["processes"]),
            folders=tuple(raw["folders"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


class RosterFile:
    """Keeps the roster on disk up to date while components come and go."""

    def __init__(self, path: Path, lab_id: str) -> None:
        self._path = path
        self._lab_id = lab_id
        self._owner = ProcessRecord.of("orchestrator", os.getpid())
        self._processes: dict[str, ProcessRecord] = {}
        self._folders: tuple[str, ...] = ()
        self._lock = threading.Lock()

    def add(self, name: str, pid: int) -> None:
        """Note that a process runs under this name; it replaces an older one."""
        with self._lock:
            if record := ProcessRecord.of(name, pid):
                self._processes[name] = record
                self._write()

    def remove(self, names: Iterable[str]) -> None:
        """Note that these have ended."""
        with self._lock:
            for name in names:
                self._processes.pop(name, None)
            self._write()

    def keep_folders(self, folders: Iterable[Path]) -> None:
        """Note more folders outside the lab's directory that go when the lab goes."""
        with self._lock:
            self._folders = tuple(dict.fromkeys((*self._folders, *map(str, folders))))
            self._write()

    def clear(self) -> None:
        """Forget everything: nothing runs."""
        with self._lock:
            self._processes.clear()
            self._path.unlink(missing_ok=True)

    def _write(self) -> None:
        roster = Roster(self._lab_id, self._owner, tuple(self._processes.values()), self._folders)
        draft = self._path.with_suffix(".new")
        draft.touch(mode=0o600)
        draft.write_text(json.dumps(asdict(roster), indent=2), encoding="utf-8")
        draft.replace(self._path)


def _belongs(process: psutil.Process, lab_id: str) -> bool:
    """Ask the process's environment; one that hides it is known by pid and start time alone."""
    try:
        marked = process.environ().get("OBSTACK_LAB_ID", lab_id)
    except (psutil.Error, OSError):
        return True
    return marked == lab_id
