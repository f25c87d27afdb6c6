"""The ledger: one entry for every request a virtual user intended, whatever became of it."""

from __future__ import annotations

from enum import StrEnum

from pydantic import BaseModel, ConfigDict


class Outcome(StrEnum):
    """What became of an intended request; only `good` counts as answered well."""

    GOOD = "good"
    SLOW = "slow"
    """answered, but after the user's patience had run out (the user gave up)"""
    STATUS = "status"
    """an HTTP status that the journey's step does not expect"""
    INVALID = "invalid"
    """the expected status with a body that fails its check"""
    UNREACHABLE = "unreachable"
    """no answer at all: refused, reset, or cut off"""
    UNSENT = "unsent"
    """never sent: the generator could not keep up, or the journey's earlier step was lost"""


class LedgerEntry(BaseModel):
    """One intended request.

    Times are seconds since the epoch; `latency` is seconds from the intended time to the end.
    """

    model_config = ConfigDict(frozen=True)

    seq: int
    user: str
    journey: str
    step: str
    method: str
    route: str
    intended: float
    sent: float | None
    latency: float
    status: int
    outcome: Outcome
    trace_id: str = ""
