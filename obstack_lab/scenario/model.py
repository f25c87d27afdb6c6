"""What an incident is: the typed model of `scenario.yaml` (design.md section 5.3)."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
NAME = r"^[a-z][a-z0-9-]*$"
COMPARISON = r"^(<=|>=|<|>|==)\s*-?\d+(\.\d+)?$"
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
Name = Annotated[str, Field(pattern=NAME)]
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

    id: Name = Field(description="a name of its own among the journeys")
    weight: float = Field(gt=0, description="share of journeys, relative to the others")
    steps: tuple[Name, ...] = Field(min_length=1, description="names of the load's requests")


class LoadPhase(Model):
    """A stretch of the arrival schedule; the last one goes on for ever."""

    pattern: Literal["steady", "ramp", "spike", "sine", "replay"] = Field(
        default="steady", description="how the rate moves within the phase"
    )
    rate: float = Field(gt=0, description="requests per second at the end of the phase")
    lasts: Seconds = Field(default=0, description="0 for the last phase: goes on for ever")
    period: Seconds = Field(
        default=60, description="sine: one wave; a ramp or spike that is the last phase: its time"
    )
    amplitude: float = Field(default=0.5, ge=0, le=1, description="sine: share of the rate")
    rates: tuple[float, ...] = Field(default=(), description="replay: one rate a second")


class Load(Model):
    """Who the users are and how often they come; open loop, seeded."""

    seed: int = Field(default=1, description="the same seed gives the same arrivals")
    users: int = Field(gt=0, le=100_000, description="how many people with an identity")
    journeys: tuple[Journey, ...] = Field(min_length=1, description="what users do, and how often")
    phases: tuple[LoadPhase, ...] = Field(min_length=1, description="the baseline's schedule")


class Inject(Model):
    """A fault to set in: a driver and what it needs."""

    id: Name = Field(description="a name of its own among the injections; `clear` uses it")
    driver: Name = Field(description="what sets the fault in, for example `release`")
    params: dict[str, Scalar] = Field(default={}, description="what the driver needs to know")


class Message(Model):
    """Something a person or a system says to the learner."""

    sender: str = Field(description="who says it: a person, a team or a system")
    text: str = Field(description="what they know and no more; never the cause")
    when: str | None = Field(
        default=None, description="PromQL; left unsaid where it is not true at that moment"
    )


class TimelineEvent(Model):
    """One thing that happens at a moment counted from the start of the incident."""

    at: Seconds = Field(description="since the incident began")
    inject: Inject | None = Field(default=None, description="a fault that sets in")
    clear: Name | None = Field(default=None, description="id of an injection")
    load: LoadPhase | None = Field(default=None, description="the schedule from now on")
    message: Message | None = Field(default=None, description="a line of the learner's feed")


class Hint(Model):
    """Help that comes by time, by a condition, or for a price: one of the three."""

    text: str = Field(description="a question or a next look, not the answer")
    trigger_after: Seconds | None = Field(default=None, description="since the incident began")
    when: str | None = Field(default=None, description="PromQL; shown once it is true")
    cost: int = Field(default=0, ge=0, description="points, when the learner asks for it")


class Criterion(Model):
    """One sign that users are well again: a PromQL expression and its target."""

    id: Name = Field(description="a name of its own among the criteria")
    title: str = Field(description="what the desk shows beside the verdict")
    query: str = Field(description="PromQL that gives one value")
    target: str = Field(pattern=COMPARISON, description='for example ">= 0.99"')
    hold: Seconds = Field(description="how long the target must hold without a break")
    min_traffic: float = Field(gt=0, description="requests in the window below which it is unknown")
    traffic_query: str = Field(description="PromQL that counts those requests")
    unit: Literal["ratio", "seconds", "requests_per_second", "count"] = Field(
        default="ratio", description="how the desk writes the value"
    )


class Step(Model):
    """One action of a solution or a cheat."""

    at: Seconds = Field(description="since the incident began")
    action: str = Field(description="an action of the toolkit")
    params: dict[str, Scalar] = Field(
        default={}, description="its parameters, `service` among them"
    )


class Solution(Model):
    """A way out that an operator could take."""

    title: str = Field(description="what is done, in a few words")
    resolves: bool = Field(description="true: the cause is gone; false: users are well, no more")
    steps: tuple[Step, ...] = Field(min_length=1, description="actions in the order of `at`")


class Solutions(Model):
    """The way out we would take, and others that are accepted."""

    reference: Solution = Field(description="the way out we would take")
    alternatives: dict[Name, Solution] = Field(default={}, description="by name: other good ways")


class Cheat(Model):
    """Something that looks like a fix and must not pass."""

    title: str = Field(description="what is done, in a few words")
    steps: tuple[Step, ...] = Field(min_length=1, description="actions in the order of `at`")


class Evidence(Model):
    """A query whose result shows the symptom, the mechanism or the cause."""

    id: Name = Field(description="a name of its own among the evidence")
    shows: Literal["symptom", "mechanism", "cause"] = Field(description="what it is evidence of")
    language: Literal["promql", "logql", "traceql"] = Field(description="of the query")
    query: str = Field(description="holds while the incident lasts, and not before")
    holds: str = Field(
        pattern=COMPARISON,
        description="on the largest value (PromQL, LogQL metric) or the number of lines or traces",
    )
    looked_at: tuple[str, ...] = Field(
        default=(), description="words of which a learner's query must hold all to count as this"
    )


class Question(Model):
    """One facet of the root cause that the write-up answers."""

    facet: Literal["component", "mechanism", "trigger"] = Field(description="part of the cause")
    text: str = Field(description="the question as the learner reads it")
    options: dict[str, str] = Field(min_length=2, description="key to what the learner reads")
    answer: tuple[str, ...] = Field(min_length=1, description="keys that are right")


class Gate(Model):
    """How long a certified mode may take."""

    gate: Seconds = Field(gt=0, le=90, description="seconds of incident, at most 90")


class Probing(Model):
    """A question to a component, again and again; so many failures in a row are a verdict."""

    path: str = Field(default="/healthz", pattern=r"^/", description="page that must answer")
    every: Seconds = Field(default=1, ge=0.1, description="from one question to the next")
    timeout: Seconds = Field(default=1, gt=0, description="an answer after this is a failure")
    failures: int = Field(default=3, ge=1, description="in a row, until the verdict")


class Supervision(Model):
    """What happens when a component ends although nobody ordered it."""

    restart: Literal["never", "on_failure", "always"] = Field(
        description="on_failure leaves one alone that ended with exit code 0"
    )
    strategy: Literal["one_for_one", "one_for_all", "rest_for_one"] = Field(
        default="one_for_one",
        description="who is started anew with it: nobody, its siblings, or those after it",
    )
    backoff: Seconds = Field(default=0.5, description="before the first restart, then doubled")
    longest: Seconds = Field(default=8, description="the backoff's cap")
    most: int = Field(default=5, ge=0, description="restarts within the window, then it gives up")
    window: Seconds = Field(default=60, gt=0, description="in which restarts are counted")
    liveness: Probing | None = Field(default=None, description="no answer: it is restarted")
    readiness: Probing | None = Field(default=None, description="no answer: no requests for it")


class Scenario(Model):
    """A whole incident. Prose lives beside it: briefing.md, explanation.md, instructor.md."""

    id: Name = Field(description="the folder's name; names the symptom, never the cause")
    title: str = Field(description="names the symptom, never the cause")
    difficulty: Difficulty = Field(description="how much a learner should bring along")
    minutes: int = Field(gt=0, le=120, description="how long a run may take")
    skills: tuple[str, ...] = Field(min_length=1, description="what is practised")
    fault_class: int = Field(ge=1, le=75, description="row of docs/fault-classes.md")
    services: tuple[Name, ...] = Field(min_length=1, description="the services that run")
    releases: dict[Name, str] = Field(description="release each service starts at")
    instances: dict[Name, Annotated[int, Field(ge=1, le=10)]] = Field(
        default={}, description="how many of a service run; one where it is not named"
    )
    supervision: dict[Name, Supervision] = Field(
        default={}, description="what heals itself, by component; nothing where it is not named"
    )
    objective: Objective = Field(description="what the users are promised")
    load: Load = Field(description="who the users are and how often they come")
    timeline: tuple[TimelineEvent, ...] = Field(min_length=1, description="what happens, and when")
    alerts: tuple[str, ...] = Field(min_length=1, description="rules that must fire")
    hints: tuple[Hint, ...] = Field(default=(), description="help, in the order it is given")
    criteria: tuple[Criterion, ...] = Field(min_length=1, description="signs that users are well")
    toolkit: tuple[str, ...] = Field(min_length=1, description="actions the learner may take")
    solutions: Solutions = Field(description="ways out that must work")
    cheats: dict[Name, Cheat] = Field(default={}, description="ways out that must not work")
    certify: Gate = Field(description="limits of certification")
    evidence: tuple[Evidence, ...] = Field(default=(), description="what proves the cause")
    questions: tuple[Question, ...] = Field(default=(), description="what the write-up asks")


def load_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of `scenario.yaml`."""
    return Scenario.model_json_schema()
