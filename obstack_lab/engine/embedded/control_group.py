"""A control group of Linux with a quota of CPU time: how containers get less than a core.

Knows both generations of the kernel's interface. Only root can make one.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path

_MOUNT = Path("/sys/fs/cgroup")
_FIRST_GENERATION = ("cpu", "cpu,cpuacct")
_PERIOD_US = 100_000


class ControlGroup:
    """One group; `close` gives its processes back."""

    def __init__(self, folder: Path, *, unified: bool) -> None:
        self.folder = folder
        self._unified = unified
        self._home = folder.parent

    @classmethod
    def make(cls, name: str, mount: Path = _MOUNT) -> ControlGroup | None:
        """Make a group of this name, or return None where this cannot be done here."""
        if os.geteuid() != 0:
            return None
        for parent, unified in _parents(mount):
            group = cls(parent / name, unified=unified)
            try:
                group.folder.mkdir(exist_ok=True)
                group.allow(1.0)
            except OSError:
                with contextlib.suppress(OSError):
                    group.folder.rmdir()
                continue
            return group
        return None

    def allow(self, share: float) -> None:
        """Let the group take this share of one core."""
        quota = round(share * _PERIOD_US)
        if self._unified:
            _write(self.folder / "cpu.max", f"{quota} {_PERIOD_US}")
        else:
            _write(self.folder / "cpu.cfs_period_us", str(_PERIOD_US))
            _write(self.folder / "cpu.cfs_quota_us", str(quota))

    def take(self, pids: Iterable[int]) -> None:
        """Move processes into the group; what they start later is in it, too."""
        _move(pids, self.folder)

    def close(self) -> None:
        """Move every process out and remove the group."""
        with contextlib.suppress(OSError):
            _move(map(int, (self.folder / "cgroup.procs").read_text("ascii").split()), self._home)
        with contextlib.suppress(OSError):
            self.folder.rmdir()


def _parents(mount: Path) -> Iterable[tuple[Path, bool]]:
    """Return where a group could be made, and whether by the unified interface."""
    with contextlib.suppress(OSError):
        if "cpu" in (mount / "cgroup.controllers").read_text("ascii").split():
            with contextlib.suppress(OSError):
                _write(mount / "cgroup.subtree_control", "+cpu")
            yield mount, True
    for name in _FIRST_GENERATION:
        if (mount / name / "cpu.cfs_quota_us").exists():
            yield mount / name, False


def _move(pids: Iterable[int], folder: Path) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            _write(folder / "cgroup.procs", str(pid))


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="ascii")
