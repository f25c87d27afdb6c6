"""The review of a run: frozen parts that say what happened, to users and by the learner."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Outcome = Literal["resolved", "mitigated", "unresolved"]
Part = Literal["before", "during", "after"]
Shows = Literal["symptom", "mechanism", "cause"]
Lane = Literal["system", "users", "people", "you", "looked"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class RunRecord(_Part):
    """What the review needs to know of a run; times are seconds since the epoch."""

    id: str
    scenario: str
    seed: int
    speed: float = 1.0
    engine: str = "embedded"
    created_at: float
    started_at: float | None = None
    ended_at: float | None = None
    interrupted: bool = False


class Times(_Part):
    """Seconds since the incident began; None for what did not happen or was lost again."""

    alerted: float | None = None
    detected: float | None = None
    acknowledged: float | None = None
    mitigated: float | None = None
    resolved: float | None = None
    ended: float | None = None


class Stretch(_Part):
    """What users went through in one part of the run, counted from the ledger."""

    seconds: float
    requests: int = 0
    requests_lost: int = 0
    success_ratio: float | None = None
    p95: float | None = None
    users_affected: int = 0
    downtime: float = 0.0


class ImpactReview(_Part):
    """Impact before the incident, until users were well again (or the end), and after that.

    Users are well from where the criteria began to hold, if they held until mitigation.

    `whole` is from the beginning of the incident to the end of the run.
    """

    users: int
    before: Stretch
    during: Stretch
    after: Stretch | None = Field(description="None where users never were well again")
    whole: Stretch
    objective: float


class TimelineLine(_Part):
    """One line of the story; several like entries may share it."""

    at: float = Field(description="seconds since the incident began; negative before")
    lane: Lane
    text: str
    detail: tuple[str, ...] = ()


class EvidenceLine(_Part):
    """A query that shows part of the cause, and the learner's query that showed it."""

    id: str
    shows: Shows
    language: str
    query: str = Field(description="would have shown it")
    seen_at: float | None = None
    seen_by: str = ""


class Answer(_Part):
    """One facet of the write-up against the truth; `right` is None where nothing was answered."""

    facet: str
    question: str
    chosen: str
    right: bool | None
    truth: tuple[str, ...]


class HintUse(_Part):
    """A hint that was shown."""

    at: float
    number: int
    text: str
    cost: int
    why: Literal["time", "condition", "asked"]


class Score(_Part):
    """Points of one skill, with the reason in words."""

    skill: Literal["detect", "diagnose", "mitigate", "resolve", "communicate"]
    points: int
    of: int
    reason: str


class ScoreTable(_Part):
    """Five skills of 20 points; hints that were asked for cost their price."""

    scores: tuple[Score, ...]
    hints: int = Field(description="points that hints cost")
    total: int
    of: int


class WhatIf(_Part):
    """The users' losses, had the same been done earlier."""

    moment: str
    at: float
    requests_lost: int
    instead_of: int
    downtime: float
    downtime_instead_of: float
    sentence: str


class Series(_Part):
    """What users saw, second by second; `start` is seconds since the incident began."""

    start: int
    requests: tuple[int, ...] = ()
    good: tuple[int, ...] = ()
    p95: tuple[float | None, ...] = ()
    down: tuple[bool | None, ...] = ()


class Mark(_Part):
    """A moment worth a line in the charts."""

    at: float
    kind: Literal["incident", "alert", "change", "action", "mitigated", "resolved"]
    text: str


class Review(_Part):
    """The whole account; `text.render` and `html.render` show it."""

    run: RunRecord
    title: str
    difficulty: str
    minutes: int
    outcome: Outcome
    headline: str
    verdict: str = Field(description="why the outcome is called so, in sentences")
    times: Times
    impact: ImpactReview
    scores: ScoreTable
    timeline: tuple[TimelineLine, ...]
    evidence: tuple[EvidenceLine, ...]
    answers: tuple[Answer, ...]
    account: str = Field(description="the learner's own words in the write-up")
    hints: tuple[HintUse, ...]
    what_if: tuple[WhatIf, ...]
    reference: str = Field(description="the way out we would take")
    alternatives: tuple[str, ...] = ()
    series: Series
    marks: tuple[Mark, ...]
    objective_latency: float
    explanation: str = Field(description="Markdown")

    def __repr__(self) -> str:
        return f"<Review of {self.run.id}: {self.outcome}, {self.scores.total} points>"

    def _repr_html_(self) -> str:
        from obstack_lab.review.fragment import render

        return render(self)
