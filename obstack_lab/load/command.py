"""What the load is told on its standard input: one JSON object a line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from obstack_lab.scenario.model import Load, LoadPhase, Objective


class _Command(BaseModel):
    model_config = ConfigDict(frozen=True)


class Start(_Command):
    """Let users come. A second one begins anew; the same `epoch` and seed go on as before."""

    op: Literal["start"]
    target: str = Field(pattern=r"^http://[^/]+/?$", description="base URL of the gateway")
    load: Load
    objective: Objective
    epoch: float | None = Field(
        default=None, description="when the schedule begins, seconds since the epoch; else now"
    )


class Phase(_Command):
    """Follow this phase from now on, instead of the schedule."""

    op: Literal["phase"]
    phase: LoadPhase


class SwitchLedger(_Command):
    """Write to another file from now on; the old one is closed."""

    op: Literal["ledger"]
    path: Path


class Stop(_Command):
    """No more arrivals; what is in flight ends within the users' patience."""

    op: Literal["stop"]


Command = Annotated[Start | Phase | SwitchLedger | Stop, Field(discriminator="op")]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
