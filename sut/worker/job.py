"""One job that this worker has taken."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sut.database import Row


@dataclass(frozen=True)
class Job:
    """A row of the queue; `lease` proves that it is ours, until another worker takes it."""

    job_id: int
    kind: str
    priority: int
    subject: str
    payload: Mapping[str, Any]
    traceparent: str
    attempts: int
    """Attempts so far, this one among them."""
    lease: str
    waited: float
    """Seconds since it was queued."""

    @classmethod
    def of(cls, row: Row) -> Job:
        """Return the job of a claimed row."""
        return cls(**row)
