"""What an incident is: the typed model of `scenario.yaml` (design.md section 5.3)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h)")


def parse_duration(text: object) -> float:
    """Return seconds for `"250ms"`, `"1m30s"`, `"2h"`; a number is seconds already."""
    if isinstance(text, int | float) and not isinstance(text, bool):
        return float(text)
    parts = _DURATION.findall(text) if isinstance(text, str) else []
    if not parts or "".join(n + u for n, u in parts) != text:
        raise ValueError('a duration such as "250ms", "30s", "1m30s" or "2h"')
    return sum(float(number) * _UNITS[unit] for number, unit in parts)


Seconds = Annotated[
    float,
    BeforeValidator(parse_duration),
    Field(ge=0),
    WithJsonSchema({"type": "string", "pattern": r"^(\d+(\.\d+)?(ms|s|m|h))+$"}),
]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]*$")]
Scalar = bool | int | float | str


class Model(BaseModel):
    """Base of all parts of a scenario: frozen, and unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Difficulty(StrEnum):
    """How much a learner should bring along."""

    BEGINNER = "beginner"
    INTERMEDIATE = "intermediate"
    ADVANCED = "advanced"


class Objective(Model):
    """What the users are promised."""

    success_ratio: float = Field(gt=0, le=1, description="share of requests answered well")
    latency: Seconds = Field(description="p95 that users should see")
    patience: Seconds = Field(description="after this a user gives up; the request is lost")


class Journey(Model):
    """A path of requests that a user walks, step by step."""

    id: Name
    weight: float = Field(gt=0, description="share of journeys, relative to the others")
    steps: tuple[Name, ...] = Field(min_length=1, description="names of the load's requests")


class LoadPhase(Model):
    """A stretch of the arrival schedule; the last one goes on for ever."""

    pattern: Literal["steady", "ramp", "spike", "sine", "replay"] = "steady"
    rate: float = Field(gt=0, description="requests per second at the end of the phase")
    lasts: Seconds = Field(default=0, description="0 for the last phase: goes on for ever")
    period: Seconds = Field(default=60, description="sine: seconds of one wave")
    amplitude: float = Field(default=0.5, ge=0, le=1, description="sine: share of the rate")
    rates: tuple[float, ...] = Field(default=(), description="replay: one rate a second")


class Load(Model):
    """Who the users are and how often they come; open loop, seeded."""

    seed: int = 1
    users: int = Field(gt=0, le=100_000)
    journeys: tuple[Journey, ...] = Field(min_length=1)
    phases: tuple[LoadPhase, ...] = Field(min_length=1, description="the baseline's schedule")


class Inject(Model):
    """A fault to set in: a driver and what it needs."""

    id: Name
    driver: Name
    params: dict[str, Scalar] = {}


class Message(Model):
    """Something a person or a system says to the learner."""

    sender: str
    text: str


class TimelineEvent(Model):
    """One thing that happens at a moment counted from the start of the incident."""

    at: Seconds
    inject: Inject | None = None
    clear: Name | None = Field(default=None, description="id of an injection")
    load: LoadPhase | None = None
    message: Message | None = None


class Hint(Model):
    """Help that comes by time, by a condition, or for a price."""

    text: str
    trigger_after: Seconds | None = Field(default=None, description="since the incident began")
    when: str | None = Field(default=None, description="PromQL; shown once it is true")
    cost: int = Field(default=0, ge=0, description="points, when the learner asks for it")


class Criterion(Model):
    """One sign that users are well again: a PromQL expression and its target."""

    id: Name
    title: str
    query: str
    target: str = Field(
        pattern=r"^(<=|>=|<|>|==)\s*-?\d+(\.\d+)?$", description='for example ">= 0.99"'
    )
    hold: Seconds = Field(description="how long the target must hold without a break")
    min_traffic: float = Field(gt=0, description="requests in the window below which it is unknown")
    traffic_query: str = Field(description="PromQL that counts those requests")
    unit: Literal["ratio", "seconds", "requests_per_second", "count"] = "ratio"


class Step(Model):
    """One action of a solution or a cheat."""

    at: Seconds = Field(description="since the incident began")
    action: str
    params: dict[str, Scalar] = {}


class Solution(Model):
    """A way out that an operator could take."""

    title: str
    resolves: bool = Field(description="true: the cause is gone; false: users are well, no more")
    steps: tuple[Step, ...] = Field(min_length=1)


class Solutions(Model):
    """The way out we would take, and others that are accepted."""

    reference: Solution
    alternatives: dict[Name, Solution] = {}


class Cheat(Model):
    """Something that looks like a fix and must not pass."""

    title: str
    steps: tuple[Step, ...] = Field(min_length=1)


class Evidence(Model):
    """A query whose result shows the symptom, the mechanism or the cause."""

    id: Name
    shows: Literal["symptom", "mechanism", "cause"]
    language: Literal["promql", "logql", "traceql"]
    query: str
    holds: str = Field(
        pattern=r"^(<=|>=|<|>|==)\s*-?\d+(\.\d+)?$",
        description="on the largest value (PromQL, LogQL metric) or the number of lines or traces",
    )
    looked_at: tuple[str, ...] = Field(
        default=(), description="words of which a learner's query must hold all to count as this"
    )


class Question(Model):
    """One facet of the root cause that the write-up answers."""

    facet: Literal["component", "mechanism", "trigger"]
    text: str
    options: dict[str, str] = Field(min_length=2, description="key to what the learner reads")
    answer: tuple[str, ...] = Field(min_length=1, description="keys that are right")


class Gate(Model):
    """How long a certified mode may take."""

    gate: Seconds = Field(gt=0, le=90)


class Scenario(Model):
    """A whole incident. Prose lives beside it: briefing.md, explanation.md, instructor.md."""

    id: Name
    title: str = Field(description="names the symptom, never the cause")
    difficulty: Difficulty
    minutes: int = Field(gt=0, le=120)
    skills: tuple[str, ...] = Field(min_length=1)
    fault_class: int = Field(ge=1, le=75, description="row of docs/fault-classes.md")
    services: tuple[Name, ...] = Field(min_length=1)
    releases: dict[Name, str] = Field(description="release each service starts at")
    objective: Objective
    load: Load
    timeline: tuple[TimelineEvent, ...] = Field(min_length=1)
    alerts: tuple[str, ...] = Field(min_length=1, description="rules that must fire")
    hints: tuple[Hint, ...] = ()
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    toolkit: tuple[str, ...] = Field(min_length=1, description="actions the learner may take")
    solutions: Solutions
    cheats: dict[Name, Cheat] = {}
    certify: Gate
    evidence: tuple[Evidence, ...] = ()
    questions: tuple[Question, ...] = ()


def load_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `scenario.yaml`."""
    return Scenario.model_json_schema()
