"""The small file by which everything finds a running lab."""

from __future__ import annotations

import secrets

from pydantic import BaseModel, ConfigDict, Field

from obstack_lab.settings import LabHome


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
