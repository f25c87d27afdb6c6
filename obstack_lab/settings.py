"""Where a lab lives on disk. Every process of a lab reads this: it imports next to nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

HOME_VARIABLE = "OBSTACK_LAB_HOME"
LAB_ID_VARIABLE = "OBSTACK_LAB_ID"
"""Set in the environment of every process of a lab: ending and counting go by it."""

_PACKAGE = Path(__file__).parent


def resources() -> Path:
    """Return the folder that holds `scenarios/`, `stack/` and `notebooks/`.

    A checkout has them beside the package, an installed wheel inside it.
    """
    checkout = _PACKAGE.parent
    return checkout if (checkout / "scenarios").is_dir() else _PACKAGE / "_share"


@dataclass(frozen=True)
class LabHome:
    """The directory of one lab: state, records, logs and data."""

    path: Path

    @classmethod
    def find(cls, environ: Mapping[str, str] | None = None, cwd: Path | None = None) -> LabHome:
        """Return `$OBSTACK_LAB_HOME`, else `.obstack-lab/` of the checkout, else of `cwd`."""
        environ = os.environ if environ is None else environ
        if chosen := environ.get(HOME_VARIABLE):
            return cls(Path(chosen).expanduser().absolute())
        checkout = _PACKAGE.parent
        if (checkout / "pyproject.toml").is_file():
            return cls(checkout / ".obstack-lab")
        return cls((cwd or Path.cwd()) / ".obstack-lab")

    @property
    def state_file(self) -> Path:
        return self.path / "state.json"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    @property
    def data(self) -> Path:
        return self.path / "data"

    @property
    def runs(self) -> Path:
        """One folder a run, named by the run's id: its ledger and whatever else it leaves."""
        return self.path / "runs"

    @property
    def records(self) -> Path:
        """The SQLite file of runs and journals, unless a database URL is set."""
        return self.path / "records.sqlite"

    @property
    def private(self) -> Path:
        """Sockets and secrets that only the lab's own processes may open (mode 0700)."""
        return self.path / "private"

    @property
    def releases(self) -> Path:
        """Releases of services that were delivered while the lab ran, beside those it came with."""
        return self.private / "releases"

    @property
    def door(self) -> Path:
        """The socket by which containers reach the orchestrator, alone in its folder."""
        return self.private / "door" / "lab.sock"

    def create(self) -> None:
        """Make the directory and its rooms; `private` is for the owner alone."""
        for folder in (self.path, self.logs, self.data, self.runs, self.private):
            folder.mkdir(parents=True, exist_ok=True)
        self.private.chmod(0o700)
