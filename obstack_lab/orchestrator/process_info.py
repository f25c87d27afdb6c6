"""What `ps`, `lsof` and `ss` would tell of a component's processes, and its own `/config`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import httpx
import psutil

from obstack_lab.orchestrator.views import ComponentView, ProcessView

T = TypeVar("T")
_MOMENT = 0.25
"""Seconds over which the share of a core is measured."""
_TIMEOUT = 1.0


def processes(
    component: ComponentView, *, pause: Callable[[float], object] = time.sleep
) -> tuple[ProcessView, ...]:
    """Return the processes of a component: of a service, each instance."""
    parts = component.children or (component,)
    found = [(part, _process(part.pid)) for part in parts]
    for _, process in found:
        _share(process)
    pause(_MOMENT)
    return tuple(_view(part, process) for part, process in found)


def _process(pid: int | None) -> psutil.Process | None:
    try:
        return psutil.Process(pid) if pid else None
    except psutil.Error:
        return None


def _share(process: psutil.Process | None) -> float | None:
    try:
        return round(process.cpu_percent() / 100, 3) if process else None
    except psutil.Error:
        return None


def _view(part: ComponentView, process: psutil.Process | None) -> ProcessView:
    view = ProcessView(instance=part.name, state=part.state, pid=part.pid, release=part.release)
    if process is None:
        return view
    told = {
        "cpu": _share(process),
        "memory": _told(lambda: _memory(process)),
        "threads": _told(process.num_threads),
        "open_files": _told(process.num_fds),
        "connections": _told(lambda: _connections(process)) or {},
        "settings_version": _settings_version(part) if part.kind == "service" else None,
    }
    return view.model_copy(update=told)


def _told(ask: Callable[[], T]) -> T | None:
    """Return what the system tells, None where it refuses or the process has gone."""
    try:
        return ask()
    except (psutil.Error, OSError):
        return None


def _memory(process: psutil.Process) -> int:
    full = process.memory_full_info()
    return int(getattr(full, "pss", full.rss))


def _connections(process: psutil.Process) -> dict[str, int]:
    states = Counter(each.status.lower() for each in process.net_connections("tcp"))
    return dict(sorted(states.items()))


def _settings_version(part: ComponentView) -> int | None:
    try:
        answer = httpx.get(f"{part.address}/config", timeout=_TIMEOUT, trust_env=False)
        return int(answer.raise_for_status().json()["version"])
    except (httpx.HTTPError, ValueError, KeyError, TypeError):
        return None
