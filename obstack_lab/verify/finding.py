"""What came of one fault on one seed."""

from __future__ import annotations

import os
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

User = Literal["root", "plain"]
"""As whom a fault was tried: some mechanisms are other ones without root's rights."""


def this_user() -> User:
    """Return as whom this process runs."""
    return "root" if os.geteuid() == 0 else "plain"


class Finding(BaseModel):
    """Figures of the fault's signal, and whether it did what the catalogue says of it.

    `reason` says in one sentence why it does not hold. A figure is None where it was not read.
    """

    model_config = ConfigDict(frozen=True)

    fault: str
    row: int
    seed: int
    user: User | None = Field(default=None, description="as whom; None where nobody has said it")
    holds: bool
    reason: str
    unit: str = ""
    baseline: float | None = Field(default=None, description="on the healthy system")
    under: float | None = Field(default=None, description="at its worst, after the injection")
    after: float | None = Field(default=None, description="after clearing")
    seconds_to_show: float | None = None
    seconds_to_clear: float | None = None
    residual_under: bool | None = Field(default=None, description="whether the cause was there")
    residual_after: bool | None = None
