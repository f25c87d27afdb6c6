"""Memory and CPU of processes, as the kernel counts them."""

from __future__ import annotations

import re
from pathlib import Path

import psutil

from obstack_lab.engine.interface import Usage

_PSS = re.compile(rb"^Pss:\s+(\d+) kB", re.MULTILINE)


def usage_of(pid: int, *, with_children: bool) -> Usage | None:
    """Return what a process takes, None where it is gone."""
    try:
        process = psutil.Process(pid)
        everything = [process, *(process.children(recursive=True) if with_children else ())]
    except psutil.NoSuchProcess:
        return None
    memory, cpu = 0, 0.0
    for each in everything:
        try:
            times = each.cpu_times()
            memory += _share_of_memory(each)
        except psutil.NoSuchProcess:
            continue
        cpu += times.user + times.system
        if each is process and with_children:
            cpu += getattr(times, "children_user", 0) + getattr(times, "children_system", 0)
    return Usage(memory=memory, cpu_seconds=cpu)


def _share_of_memory(process: psutil.Process) -> int:
    """Return PSS: shared pages count by the number of processes that share them."""
    try:
        found = _PSS.search(Path(f"/proc/{process.pid}/smaps_rollup").read_bytes())
    except OSError:
        found = None
    return int(found[1]) * 1024 if found else process.memory_info().rss
