"""The end of processes that are nobody's children here: waited for, then made."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterable

import psutil

from obstack_lab.engine.living import runs

_PAUSE = 0.02


def see_out(processes: Iterable[psutil.Process], seconds: float, *, killed: float) -> None:
    """Give processes that were told to end so many seconds, kill the rest and wait for that."""
    stragglers = await_end(processes, seconds)
    for each in stragglers:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    await_end(stragglers, killed)


def await_end(processes: Iterable[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return those that still run after so many seconds.

    One whose end nobody has taken note of (a zombie) has ended: in a container the first process
    often takes note of none.
    """
    deadline = time.monotonic() + seconds
    waited = list(processes)
    while (alive := [each for each in waited if runs(each)]) and time.monotonic() < deadline:
        time.sleep(_PAUSE)
    psutil.wait_procs([each for each in waited if each not in alive], timeout=0)
    return alive
