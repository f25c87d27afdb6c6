"""Who looks after a container: written on it, so that whoever comes later can see he is gone."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

from obstack_lab.engine.living import living

LABEL = "obstack-lab.owner"
HOME_LABEL = "obstack-lab.home"
PROJECT_LABEL = "com.docker.compose.project"
SERVICE_LABEL = "com.docker.compose.service"


def owner() -> str:
    """Return what this process writes on its containers."""
    process = psutil.Process()
    return f"{process.pid} {process.create_time():.1f} {_world()}"


def lives(written: str) -> bool:
    """Say whether the owner of a container still runs; of one from another world, it does."""
    try:
        pid, started, world = written.split(" ", 2)
        if world != _world():
            return True
        return living(int(pid), float(started)) is not None
    except (ValueError, psutil.Error):
        return True


def _world() -> str:
    """Return where process ids count: an engine can be shared by machines and containers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{os.uname().nodename} {psutil.boot_time():.0f}"
