"""The command line as its users start it: a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from obstack_lab.errors import EngineError
from obstack_lab.settings import HOME_VARIABLE, LabHome

_ENTRY = "from obstack_lab.cli import main; main()"
PATIENCE = 180.0


def begin(
    home: LabHome,
    *words: str,
    program: Sequence[str] = (sys.executable, "-c", _ENTRY),
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> subprocess.Popen[str]:
    """Start a command of the lab with JSON output."""
    return subprocess.Popen(
        [*program, *words, "--json"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=cwd,
        env={**(environment or os.environ), HOME_VARIABLE: str(home.path)},
    )


def answer(process: subprocess.Popen[str], *, timeout: float = PATIENCE) -> dict[str, Any]:
    """Return what the command printed, once it has ended well; raise EngineError otherwise."""
    try:
        printed, complaint = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        process.kill()
        process.communicate()
        raise EngineError(f"The command did not end within {timeout:.0f} s.") from error
    if process.returncode:
        last = complaint.strip().splitlines()[-1:] or [f"exit code {process.returncode}"]
        raise EngineError(last[0])
    return dict(json.loads(printed))


def call(home: LabHome, *words: str) -> dict[str, Any]:
    """Run a command of the lab and return what it printed."""
    return answer(begin(home, *words))
