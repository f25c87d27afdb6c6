"""When a run is mitigated and when it is resolved, and when that is lost again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from obstack_lab.orchestrator.run import Run
from obstack_lab.review.journal import Phase

Step = tuple[Phase, str, dict[str, Any]]


@dataclass(frozen=True)
class Recovery:
    """What is known this second."""

    failing: tuple[str, ...]
    """titles of the criteria in `fail`"""
    passing: bool
    """every criterion is in `pass`"""
    faulty: bool
    """the timeline has injections at all (a flood of users alone is none)"""
    injected: bool
    """every injection of the timeline has been made"""
    gone: bool
    """no cause of those made is left"""


def next_phase(run: Run, recovery: Recovery, now: float) -> Step | None:
    """Return the phase to go to, why, and which moments change; None to stay."""
    if run.phase in {"mitigated", "resolved"} and recovery.failing:
        return (
            "incident",
            f"Users suffer again: {recovery.failing[0]}.",
            {"mitigated_at": None, "resolved_at": None},
        )
    caused = recovery.injected and recovery.gone
    if (
        run.phase == "incident"
        and recovery.passing
        and _meant(run, now, caused=caused and recovery.faulty)
    ):
        return "mitigated", "Users are well again.", {"mitigated_at": now}
    if run.phase == "mitigated" and recovery.passing and caused:
        return "resolved", "The cause is gone.", {"resolved_at": now}
    if run.phase == "resolved" and not recovery.gone:
        return "mitigated", "The cause is back.", {"resolved_at": None}
    return None


def _meant(run: Run, now: float, *, caused: bool) -> bool:
    """Return whether passing means recovery: just after the start it means that all is yet well.

    It does once users have suffered, once the cause came and went, or when users had to suffer
    by now (the scenario is certified to turn red within its gate).
    """
    return run.turned_red or caused or run.elapsed(now) >= run.scenario.certify.gate
