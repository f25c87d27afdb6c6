"""End what a dead orchestrator has left in containers: found by label, whoever's lab it was.

`up`, `down` and `doctor` call `reap`. The leash runs this module when the orchestrator is gone.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from obstack_lab.engine.compose.capability import Capability, look
from obstack_lab.engine.compose.dock import Dock
from obstack_lab.engine.compose.owner import (
    HOME_LABEL,
    LABEL,
    PROJECT_LABEL,
    SERVICE_LABEL,
    lives,
)
from obstack_lab.engine.compose.project import project_name
from obstack_lab.engine.reap import end_recorded
from obstack_lab.errors import LabError
from obstack_lab.settings import LabHome


def leftovers(dock: Dock) -> tuple[Mapping[str, Any], ...]:
    """Return the containers whose orchestrator is gone."""
    return tuple(
        each for each in dock.labelled(LABEL) if not lives(str(each["Labels"].get(LABEL, "")))
    )


def reap(dock: Dock) -> tuple[str, ...]:
    """Remove what dead orchestrators have left, but no data; return its names."""
    return _remove(dock, leftovers(dock))


def reap_here(capability: Capability | None = None) -> tuple[str, ...]:
    """Reap where an engine answers, at once where none does."""
    capability = capability or look()
    if capability.problem:
        return ()
    dock = Dock(capability.host)
    try:
        return reap(dock)
    finally:
        dock.close()


def wipe(home: LabHome) -> None:
    """Remove the containers of a lab that does not run, and its volumes."""
    if not (home.private / "compose").is_dir():
        return
    capability = look()
    if capability.problem:
        return
    dock = Dock(capability.host)
    try:
        mine = dock.labelled(f"{HOME_LABEL}={home.path}")
        _remove(dock, [each for each in mine if not lives(str(each["Labels"].get(LABEL, "")))])
        dock.remove_volumes(f"{PROJECT_LABEL}={project_name(home)}")
    finally:
        dock.close()


def _remove(dock: Dock, containers: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    names, projects = [], set()
    for each in containers:
        labels = each["Labels"]
        names.append(str(labels.get(SERVICE_LABEL, each["Id"][:12])))
        projects.add(str(labels.get(PROJECT_LABEL, "")))
        dock.remove(str(each["Id"]))
    for project in projects:
        dock.remove_network(f"{PROJECT_LABEL}={project}")
    return tuple(names)


if __name__ == "__main__":
    end_recorded(Path(sys.argv[1]))
    try:
        reap_here()
    except LabError as error:
        sys.stderr.write(f"{error}\n")
