"""The machine that figures were taken on, and whether it had time for it."""

from __future__ import annotations

import os
import platform

import psutil
from pydantic import BaseModel, ConfigDict

BUSY_SHARE = 0.25
"""Load average per core above which others work here, too."""


class Machine(BaseModel):
    """A machine as it was before the first benchmark began."""

    model_config = ConfigDict(frozen=True)

    system: str
    processor: str
    python: str
    cores: int
    memory: float
    """GB"""
    load: float
    """load average of the last minute"""

    @property
    def busy(self) -> bool:
        """Whether others use the machine so much that times say little."""
        return self.load > BUSY_SHARE * self.cores

    def describe(self) -> str:
        """Return it in one line."""
        return (
            f"{self.cores} cores ({self.processor}), {self.memory:.1f} GB, {self.system}, "
            f"Python {self.python}, load average {self.load:.2f} at the start"
        )


def this_machine() -> Machine:
    """Return the machine that this runs on."""
    return Machine(
        system=f"{platform.system()} {platform.release().split('-')[0]}",
        processor=platform.machine(),
        python=platform.python_version(),
        cores=len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count() or 1,
        memory=round(psutil.virtual_memory().total / 1e9, 1),
        load=round(os.getloadavg()[0], 2),
    )
