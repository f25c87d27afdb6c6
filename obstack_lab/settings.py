"""Where a lab lives on disk, and the small file by which everything finds a running one."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

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


class LabState(BaseModel):
    """What `state.json` says of a running lab; the file has mode 0600."""

    model_config = ConfigDict(frozen=True)

    lab_id: str
    pid: int = Field(description="the orchestrator's process id")
    pid_started: float = Field(description="its start time, seconds since the epoch")
    url: str = Field(description="the orchestrator's address, http://127.0.0.1:PORT")
    token: str
    engine: str
    backends: str = "built-in"
    started_at: float


def new_lab_id() -> str:
    """Return a fresh lab id: 8 hexadecimal digits."""
    return secrets.token_hex(4)


def read_state(home: LabHome) -> LabState | None:
    """Return the recorded state, or None where no lab was started or the file is unreadable."""
    try:
        return LabState.model_validate_json(home.state_file.read_bytes())
    except (OSError, ValueError):
        return None


def write_state(home: LabHome, state: LabState) -> None:
    """Replace `state.json` in one step, readable by its owner alone."""
    draft = home.state_file.with_suffix(".new")
    draft.touch(mode=0o600)
    draft.write_text(state.model_dump_json(indent=2) + "\n", encoding="utf-8")
    draft.replace(home.state_file)


def clear_state(home: LabHome) -> None:
    """Forget the recorded state."""
    home.state_file.unlink(missing_ok=True)
