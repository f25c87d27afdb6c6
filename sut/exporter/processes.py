"""Every process that carries the lab's id, from /proc, summed by what it runs.

A child belongs to the lab as its parent does: PostgreSQL's sessions write their state over the
environment they were given.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from prometheus_client.metrics_core import Metric

from sut.exporter.family import families

ID_VARIABLE = "OBSTACK_LAB_ID"
HELPS = {
    "process_count": "Processes that run this.",
    "process_thread_count": "Their threads.",
    "process_cpu_time_seconds_total": "Processor time of those that run now.",
    "process_memory_usage_bytes": "Resident memory, pages shared with others counted in each.",
    "process_open_file_descriptor_count": "Open files and connections.",
}
_STATE, _PARENT, _UTIME, _STIME, _THREADS, _STARTED, _RESIDENT = 0, 1, 11, 12, 17, 19, 21


@dataclass
class _Sum:
    count: int = 0
    threads: int = 0
    seconds: float = 0.0
    resident: int = 0
    files: int = 0


class ProcessWatch:
    """Reads the processes when it is scraped; who a process is, is asked once."""

    def __init__(self, lab_id: str, proc: Path = Path("/proc")) -> None:
        self._mark = f"{ID_VARIABLE}={lab_id}".encode()
        self._proc = proc
        self._ticks = os.sysconf("SC_CLK_TCK")
        self._page = os.sysconf("SC_PAGE_SIZE")
        self._known: dict[tuple[int, str], str] = {}

    def measure(self) -> Iterable[Metric]:
        """Return the figures by `process_executable_name`."""
        sums: dict[str, _Sum] = {}
        alive: dict[tuple[int, str], str] = {}
        folders = (folder for folder in self._proc.iterdir() if folder.name.isdecimal())
        for folder in sorted(folders, key=lambda folder: int(folder.name)):
            self._add(folder, sums, alive)
        self._known = alive
        return families(
            (
                {
                    "process_executable_name": name,
                    "process_count": each.count,
                    "process_thread_count": each.threads,
                    "process_cpu_time_seconds_total": each.seconds,
                    "process_memory_usage_bytes": each.resident,
                    "process_open_file_descriptor_count": each.files,
                }
                for name, each in sorted(sums.items())
            ),
            HELPS,
        )

    def _add(self, folder: Path, sums: dict[str, _Sum], alive: dict[tuple[int, str], str]) -> None:
        try:
            fields = (folder / "stat").read_text("utf-8", "replace").rpartition(") ")[2].split()
            key = (int(folder.name), fields[_STARTED])
            name = self._known.get(key)
            if name is None:
                name = self._name(folder, of=int(fields[_PARENT]), among=alive)
            alive[key] = name
            if not name or fields[_STATE] == "Z":
                return
            each = sums.setdefault(name, _Sum())
            each.count += 1
            each.threads += int(fields[_THREADS])
            each.seconds += (int(fields[_UTIME]) + int(fields[_STIME])) / self._ticks
            each.resident += int(fields[_RESIDENT]) * self._page
            each.files += sum(1 for _ in (folder / "fd").iterdir())
        except (OSError, IndexError, ValueError):
            return

    def _name(self, folder: Path, *, of: int, among: dict[tuple[int, str], str]) -> str:
        """Return what a process of this lab runs; `''` for a stranger."""
        if self._mark not in (folder / "environ").read_bytes().split(b"\0") and not any(
            name for (pid, _), name in among.items() if pid == of
        ):
            return ""
        return _runs((folder / "cmdline").read_bytes().decode("utf-8", "replace"))


def _runs(command_line: str) -> str:
    """Return `orders` for `sut: orders`, a module for `python -m`, else the program's name."""
    arguments = command_line.rstrip("\0 ").split("\0")
    title, _, rest = arguments[0].partition(": ")
    if rest:
        return rest.split()[0] if title == "sut" else title
    if "-m" in arguments[:-1]:
        return arguments[arguments.index("-m") + 1]
    return Path(arguments[0].split(" ")[0]).name
