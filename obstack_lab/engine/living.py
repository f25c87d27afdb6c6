"""Whether a process that was written down still runs: a pid alone is used again."""

from __future__ import annotations

import psutil

_SLACK = 2.0
"""Seconds by which two readings of one start time may differ: a clock may have been set."""


def living(pid: int, started: float) -> psutil.Process | None:
    """Return the process with this pid that began at this time (seconds since 1970).

    None where it has ended, also where nobody has taken note of that (a zombie). Raises
    `psutil.AccessDenied` where the system does not tell.
    """
    try:
        process = psutil.Process(pid)
        same = abs(process.create_time() - started) < _SLACK
        return process if same and runs(process) else None
    except psutil.NoSuchProcess:
        return None


def runs(process: psutil.Process) -> bool:
    """Return whether the process is there and no zombie."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
