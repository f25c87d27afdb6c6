"""The machine, from /proc: processors, memory, load, and the disk that holds the lab."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from prometheus_client.metrics_core import Metric

from sut.exporter.family import Row, families

_MODES = ("user", "nice", "system", "idle", "iowait", "interrupt", "softirq", "steal")
HELPS = {
    "system_cpu_time_seconds_total": "Time the machine's processors spent in a mode.",
    "system_cpu_logical_count": "Processors of the machine.",
    "system_cpu_load_average_1m": "Tasks that ran or waited to, mean of one minute.",
    "system_cpu_pressure_seconds_total": "Time in which some task waited for a processor.",
    "system_memory_limit_bytes": "Memory of the machine.",
    "system_memory_usage_bytes": "Memory by state.",
    "system_filesystem_usage_bytes": "Bytes of the file system that holds the lab, by state.",
}


class HostWatch:
    """Reads the machine when it is scraped."""

    def __init__(self, folder: Path, proc: Path = Path("/proc")) -> None:
        self._folder = folder
        self._proc = proc
        self._ticks = os.sysconf("SC_CLK_TCK")

    def measure(self) -> Iterable[Metric]:
        """Return every figure of the machine; what it does not tell is left out."""
        return families(self._rows(), HELPS)

    def _rows(self) -> Iterator[Row]:
        for read in (self._processors, self._load, self._pressure, self._memory, self._disk):
            try:
                yield from read()
            except (OSError, ValueError, KeyError, IndexError):
                continue

    def _processors(self) -> Iterator[Row]:
        lines = (self._proc / "stat").read_text("ascii").splitlines()
        for mode, ticks in zip(_MODES, lines[0].split()[1:], strict=False):
            yield {"cpu_mode": mode, "system_cpu_time_seconds_total": int(ticks) / self._ticks}
        count = sum(line.startswith("cpu") for line in lines) - 1
        yield {"system_cpu_logical_count": count}

    def _load(self) -> Iterator[Row]:
        text = (self._proc / "loadavg").read_text("ascii")
        yield {"system_cpu_load_average_1m": float(text.split()[0])}

    def _pressure(self) -> Iterator[Row]:
        text = (self._proc / "pressure/cpu").read_text("ascii")
        total = text.splitlines()[0].rpartition("total=")[2]
        yield {"system_cpu_pressure_seconds_total": int(total) / 1e6}

    def _memory(self) -> Iterator[Row]:
        lines = (self._proc / "meminfo").read_text("ascii").splitlines()
        sizes = {name: int(rest.split()[0]) * 1024 for name, _, rest in map(_split, lines)}
        yield {"system_memory_limit_bytes": sizes["MemTotal"]}
        free, cached = sizes["MemFree"], sizes["Cached"] + sizes["Buffers"]
        for state, size in (
            ("free", free),
            ("cached", cached),
            ("used", sizes["MemTotal"] - free - cached),
        ):
            yield {"system_memory_state": state, "system_memory_usage_bytes": size}

    def _disk(self) -> Iterator[Row]:
        disk = os.statvfs(self._folder)
        for state, blocks in (("free", disk.f_bavail), ("used", disk.f_blocks - disk.f_bfree)):
            yield {
                "system_filesystem_state": state,
                "system_filesystem_usage_bytes": blocks * disk.f_frsize,
            }


def _split(line: str) -> tuple[str, str, str]:
    return line.partition(":")
