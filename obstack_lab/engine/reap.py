"""End what a dead orchestrator has left behind.

`up`, `down` and `doctor` call `reap`. The leash, a shell that waits for the orchestrator's end,
runs this module: it also ends what no death signal reaches, such as a stopped process.
"""

from __future__ import annotations

import contextlib
import shutil
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from obstack_lab.engine.ending import see_out
from obstack_lab.engine.living import living
from obstack_lab.engine.record import FILE_NAME, Roster, read_roster

if TYPE_CHECKING:
    from obstack_lab.settings import LabHome

_TERM_GRACE = 1.5
_KILL_GRACE = 2.0


def leftovers(home: LabHome) -> tuple[str, ...]:
    """Return the names of processes that run although their orchestrator is gone."""
    roster = read_roster(home.private / FILE_NAME)
    if roster is None or _owner_lives(roster):
        return ()
    return tuple(each.name for each in roster.processes if each.process(roster.lab_id))


def reap(home: LabHome) -> tuple[str, ...]:
    """End what a dead orchestrator has left and return the names; a living one keeps all."""
    path = home.private / FILE_NAME
    roster = read_roster(path)
    if roster is None or _owner_lives(roster):
        return ()
    return end_recorded(path)


def end_recorded(path: Path) -> tuple[str, ...]:
    """End every process of a roster, whoever looks after them, and remove the roster."""
    roster = read_roster(path)
    if roster is None:
        return ()
    ended = []
    trees = []
    for record in roster.processes:
        if process := record.process(roster.lab_id):
            ended.append(record.name)
            trees.append((record.name, process))
    _end(trees)
    for folder in roster.folders:
        shutil.rmtree(folder, ignore_errors=True)
    path.unlink(missing_ok=True)
    return tuple(ended)


def _end(trees: list[tuple[str, psutil.Process]]) -> None:
    everything = []
    for name, process in trees:
        with contextlib.suppress(psutil.NoSuchProcess):
            everything += [process, *process.children(recursive=True)]
            # SIGQUIT is PostgreSQL's immediate stop: it leaves no shared memory behind.
            if name == "postgres":
                process.send_signal(signal.SIGQUIT)
            else:
                process.terminate()
            process.resume()
    see_out(everything, _TERM_GRACE, killed=_KILL_GRACE)


def _owner_lives(roster: Roster) -> bool:
    owner = roster.owner
    return owner is not None and living(owner.pid, owner.started) is not None


if __name__ == "__main__":
    end_recorded(Path(sys.argv[1]))
