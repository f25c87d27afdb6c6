"""Memory and processor time of a whole lab, process by process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import psutil

from obstack_lab.bench.stage import Stage
from obstack_lab.engine.embedded.usage import usage_of
from obstack_lab.engine.record import FILE_NAME, read_roster
from obstack_lab.orchestrator import daemon

MEGABYTE = 1e6


@dataclass(frozen=True)
class Consumption:
    """What components take at one moment: MB of PSS, seconds of processor time since birth."""

    memory: Mapping[str, float]
    cpu: Mapping[str, float]

    @property
    def total_memory(self) -> float:
        """MB of all."""
        return sum(self.memory.values())


def of_lab(on: Stage) -> Consumption:
    """Return what every process of the lab takes, by component."""
    roster = read_roster(on.home.private / FILE_NAME)
    names = {each.pid: each.name for each in roster.processes} if roster else {}
    names[on.state.pid] = "orchestrator"
    return of_processes((each.pid, _component(each, names)) for each in _lab(on))


def _lab(on: Stage) -> set[psutil.Process]:
    """Return every process of the lab; PostgreSQL's own overwrite the lab's id by their title."""
    marked = daemon.processes(on.state.lab_id)
    family = set(marked)
    for each in marked:
        with suppress(psutil.Error):
            family |= set(each.children(recursive=True))
    return family


def of_processes(processes: Iterable[tuple[int, str]]) -> Consumption:
    """Return what these processes take; those of one name are added up."""
    memory: dict[str, float] = {}
    cpu: dict[str, float] = {}
    for pid, name in processes:
        usage = usage_of(pid, with_children=False)
        if usage is not None:
            memory[name] = memory.get(name, 0.0) + usage.memory / MEGABYTE
            cpu[name] = cpu.get(name, 0.0) + usage.cpu_seconds
    return Consumption(memory, cpu)


def of_tree(pid: int, name: str) -> Consumption:
    """Return what a process and its descendants take; a notebook's kernel is named so."""
    try:
        root = psutil.Process(pid)
        children = root.children(recursive=True)
    except psutil.NoSuchProcess:
        return Consumption({}, {})
    kernels = {each.pid for each in children if is_kernel(each)}
    family = [root, *children]
    return of_processes((each.pid, "kernel" if each.pid in kernels else name) for each in family)


def is_kernel(process: psutil.Process) -> bool:
    """Return whether this is a notebook's kernel."""
    try:
        return any("ipykernel" in word for word in process.cmdline())
    except psutil.Error:
        return False


def _component(process: psutil.Process, names: Mapping[int, str]) -> str:
    """Return the name under which a process or an ancestor of it is recorded."""
    try:
        for each in (process, *process.parents()):
            if each.pid in names:
                return names[each.pid]
        return process.name()
    except psutil.Error:
        return "other"
