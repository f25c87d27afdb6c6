"""A run: one play of a scenario, as it is kept and as it is shown."""

from __future__ import annotations

import math
import secrets
import time
from typing import Literal

from pydantic import BaseModel, ConfigDict

from obstack_lab.errors import WrongPhase
from obstack_lab.orchestrator.views import RunView, WriteUp
from obstack_lab.review.journal import Phase
from obstack_lab.scenario.model import Scenario

UNDER_WAY: tuple[Phase, ...] = ("incident", "mitigated", "resolved")
"""Phases in which the incident has begun and the run has not ended."""
Outcome = Literal["resolved", "mitigated", "unresolved"]
SANDBOX = "sandbox"
"""Id of the scenario in which nothing happens by itself."""


class Run(BaseModel):
    """A run's state, replaced as a whole at each change.

    `scenario` is the one that was played: a later edit of its file changes no old run.
    `mitigated_at` and `resolved_at` are forgotten when that state is lost again; the journal
    keeps every such moment.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    scenario: Scenario
    seed: int
    speed: float
    engine: str = ""
    phase: Phase = "ready"
    created_at: float
    started_at: float | None = None
    detected_at: float | None = None
    mitigated_at: float | None = None
    resolved_at: float | None = None
    ended_at: float | None = None
    severity: str | None = None
    outcome: Outcome | None = None
    reason: str = ""
    interrupted: bool = False
    turned_red: bool = False
    """users have been seen to suffer since the incident began"""
    write_up: WriteUp | None = None

    @property
    def active(self) -> bool:
        return self.phase != "ended"

    @property
    def under_way(self) -> bool:
        return self.phase in UNDER_WAY

    @property
    def by_hand(self) -> bool:
        """Whether it is a sandbox: its holder sets faults in, and acts from the baseline on."""
        return self.scenario.id == SANDBOX

    @property
    def length(self) -> float:
        """Seconds until time is over; `speed` shortens it, but not below the proof's gate."""
        if self.by_hand:
            return math.inf
        return max(self.scenario.minutes * 60 / self.speed, self.scenario.certify.gate)

    def elapsed(self, now: float) -> float:
        """Return seconds since the incident began, 0 before."""
        return 0.0 if self.started_at is None else max(0.0, now - self.started_at)

    def due(self, at: float, now: float) -> bool:
        """Return whether a moment of the scenario's own clock has come."""
        return self.started_at is not None and self.elapsed(now) >= at / self.speed

    def need_active(self) -> None:
        """Raise WrongPhase where the run has ended."""
        if not self.active:
            raise WrongPhase(
                f"Run {self.id} has ended. Read its review, or begin another run of "
                f"'{self.scenario.id}'."
            )

    def need_incident(self, what: str) -> None:
        """Raise WrongPhase unless the incident is on."""
        self.need_active()
        if not self.under_way and not self.by_hand:
            raise WrongPhase(
                f"{what} comes after the start, and the incident has not begun. "
                "Begin with `lab.start()`."
            )

    def view(self, now: float) -> RunView:
        """Return what a learner sees of it."""
        clock = self.ended_at or now
        counts = self.started_at is not None and not self.by_hand
        left = max(0.0, self.length - self.elapsed(clock)) if counts else None
        return RunView(
            id=self.id,
            scenario=self.scenario.id,
            title=self.scenario.title,
            time_left=left,
            now=now,
            **{name: getattr(self, name) for name in _SHOWN},
        )


_SHOWN = tuple(
    {"seed", "speed", "phase", "severity", "outcome", "reason", "interrupted"}
    | {f"{moment}_at" for moment in ("created", "started", "detected", "mitigated")}
    | {"resolved_at", "ended_at"}
)


def new_run_id(scenario: str, now: float) -> str:
    """Return `checkout-stalls-20261121-110936-4f2a51c0`: sortable in a scenario, and readable.

    A class that begins in the same second keeps its runs in one database: hence so many digits.
    """
    moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime(now))
    return f"{scenario}-{moment}-{secrets.token_hex(4)}"


def outcome_of(phase: Phase) -> Outcome:
    """Return what a run is called that ends in this phase."""
    if phase == "resolved":
        return "resolved"
    return "mitigated" if phase == "mitigated" else "unresolved"
