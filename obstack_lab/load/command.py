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


class Surge(_Command):
    """Let so many times as many users come as the schedule says; 1 is the schedule again."""

    op: Literal["surge"]
    factor: float = Field(gt=0, le=100)


class Rush(_Command):
    """Let so many times as many users come for a while; it is over by itself."""

    op: Literal["rush"]
    factor: float = Field(gt=0, le=100)
    seconds: float = Field(ge=0, le=600)


class Mix(_Command):
    """Let users begin other journeys than the load says; no weights are the load's own again."""

    op: Literal["mix"]
    weights: dict[str, Annotated[float, Field(ge=0)]]


class Crave(_Command):
    """Let this share of the requests be for one product; a share of 0 is everybody's own taste."""

    op: Literal["crave"]
    product: int = Field(ge=1)
    share: float = Field(ge=0, le=1)


class Search(_Command):
    """Let this share of the catalogue's readers search for a text; 0 is nobody."""

    op: Literal["search"]
    text: str = Field(max_length=4000)
    share: float = Field(ge=0, le=1)


class Flood(_Command):
    """Send one kind of request beside the users', so many a second; 0 ends it.

    Whoever floods is no user: these requests stand in no ledger.
    """

    op: Literal["flood"]
    step: str
    rate: float = Field(ge=0, le=1000)


class Stop(_Command):
    """No more arrivals; what is in flight ends within the users' patience."""

    op: Literal["stop"]


Command = Annotated[
    Start | Phase | SwitchLedger | Surge | Rush | Mix | Crave | Search | Flood | Stop,
    Field(discriminator="op"),
]
COMMAND: TypeAdapter[Command] = TypeAdapter(Command)
