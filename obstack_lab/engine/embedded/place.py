"""What all components of a lab share: folders, ports, spawner, roster, environment."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import obstack_lab
from obstack_lab.engine.embedded.ports import Ports
from obstack_lab.engine.embedded.spawner import Spawner
from obstack_lab.engine.embedded.unit import Clock
from obstack_lab.engine.record import RosterFile
from obstack_lab.settings import LAB_ID_VARIABLE, LabHome

_HANDED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_SOCKET_PATH_LIMIT = 100


@dataclass(frozen=True)
class Place:
    """Where the components of one lab live."""

    home: LabHome
    lab_id: str
    clock: Clock
    roster: RosterFile
    ports: Ports = field(default_factory=Ports)
    spawner: Spawner = field(default_factory=Spawner)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return a component's environment: little of ours (no proxies, no secrets), and the id."""
        handed_on = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
        packages = str(Path(obstack_lab.__file__).parent.parent)
        inherited = os.environ.get("PYTHONPATH", "")
        return {
            **handed_on,
            "PYTHONPATH": os.pathsep.join(filter(None, (packages, inherited))),
            "PYTHONSAFEPATH": "1",
            "PYTHONUNBUFFERED": "1",
            # setproctitle would overwrite the environment that the lab's id is read from
            "SPT_NOENV": "1",
            "SUT_RELEASES_DIR": str(self.home.releases),
            LAB_ID_VARIABLE: self.lab_id,
            **(extra or {}),
        }

    def log(self, component: str) -> Path:
        return self.home.logs / f"{component}.log"

    def socket(self, name: str) -> Path:
        """Return the path of a private socket, short enough for the kernel (108 bytes)."""
        path = self.home.private / f"{name}.sock"
        if len(os.fsencode(path)) <= _SOCKET_PATH_LIMIT:
            return path
        folder = Path(tempfile.gettempdir()) / f"obstack-{os.geteuid()}-{self.lab_id}"
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.geteuid():
            raise PermissionError(f"{folder} belongs to someone else. Remove it and start again.")
        self.roster.keep_folders([folder])
        return folder / path.name
