"""What the orchestrator's API answers: the models that every client of ours reads.

Imports nothing heavier than pydantic, so that a notebook can use it.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from obstack_lab.review.journal import JournalEntry, Phase, Scalar, Verdict


class View(BaseModel):
    """Base of all answers."""

    model_config = ConfigDict(frozen=True)


class ComponentView(View):
    """One component; `children` makes the supervision tree."""

    name: str
    kind: str
    state: Literal["starting", "healthy", "unhealthy", "stopped", "failed"]
    pid: int | None = None
    release: str = ""
    address: str = ""
    since: float = 0
    restarts: int = 0
    detail: str = ""
    memory: int | None = Field(default=None, description="PSS in bytes, when asked for")
    cpu_seconds: float | None = None
    children: tuple[ComponentView, ...] = ()


class ProgressView(View):
    """One step of starting, shown while the learner waits."""

    component: str
    state: Literal["waiting", "starting", "ready", "failed"]
    seconds: float = 0
    detail: str = ""


class StatusView(View):
    """The lab as a whole."""

    lab_id: str
    version: str
    engine: str
    backends: str
    healthy: bool
    now: float = Field(description="the orchestrator's clock, seconds since the epoch")
    components: tuple[ComponentView, ...]
    run: str | None = Field(description="id of the active run")
    starting: tuple[ProgressView, ...] = Field(
        default=(), description="steps of starting, while components still start; else empty"
    )
    started: tuple[ProgressView, ...] = Field(
        default=(), description="the same steps once all of them are done; else empty"
    )
    trouble: str = Field(default="", description="what the conductor's last tick stumbled over")


class ScenarioView(View):
    """What a learner may know of a scenario before playing it."""

    id: str
    title: str
    difficulty: str
    minutes: int
    skills: tuple[str, ...]
    services: tuple[str, ...]
    briefing: str = Field(description="Markdown")
    toolkit: tuple[str, ...]
    certified: bool
    state: Literal["new", "active", "played", "mitigated", "resolved"]


class RunView(View):
    """A run's state."""

    id: str
    scenario: str
    title: str
    seed: int
    speed: float
    phase: Phase
    created_at: float
    started_at: float | None = None
    detected_at: float | None = None
    mitigated_at: float | None = None
    resolved_at: float | None = None
    ended_at: float | None = None
    severity: str | None = None
    time_left: float | None = Field(default=None, description="seconds; None before the start")
    now: float
    outcome: Literal["resolved", "mitigated", "unresolved"] | None = None
    reason: str = Field(default="", description="why the run is in its phase, in one sentence")
    interrupted: bool = Field(default=False, description="the orchestrator went away meanwhile")


class CriterionView(View):
    """One criterion now. `held` of `hold` seconds are done; `reason` says why inconclusive."""

    id: str
    title: str
    verdict: Verdict
    value: float | None
    target: str
    unit: str
    held: float
    hold: float
    reason: str = ""


class SecondView(View):
    """One second of what users saw, by intended time."""

    at: float
    requests: int
    good: int
    p95: float | None
    down: bool | None


class UserTile(View):
    """One virtual user of the grid: the last result, and how many requests were lost."""

    user: str
    last: Literal["good", "lost", "none"]
    lost: int


class ImpactView(View):
    """Counted from the ledger, not estimated. Ratios are None while unknown."""

    success_ratio: float | None
    p95: float | None = Field(description="seconds, last 10 s")
    rate: float = Field(description="intended requests per second, last 10 s")
    users: int
    users_affected: int
    requests: int = Field(description="intended since the incident began")
    requests_lost: int
    downtime: float = Field(description="seconds")
    prometheus_success_ratio: float | None = None
    seconds: tuple[SecondView, ...] = ()
    tiles: tuple[UserTile, ...] = ()


class AlertView(View):
    """One alert of Prometheus."""

    id: str = Field(description="stable while the alert lives; used to acknowledge it")
    name: str
    severity: str
    state: Literal["pending", "firing", "resolved"]
    since: float
    summary: str
    labels: dict[str, str]
    acknowledged: bool


class ParameterView(View):
    """One parameter of an action, enough to draw a form."""

    name: str
    kind: Literal["choice", "integer", "number", "text", "boolean"]
    choices: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    default: Scalar | None = None
    unit: str = ""
    description: str = ""
    optional: bool = Field(default=False, description="may be left out")


class ActionView(View):
    """One thing an operator can do, with the form for it; one a target service."""

    action: str
    service: str
    title: str
    description: str
    destructive: str = Field(default="", description="the effect to confirm, or nothing")
    parameters: tuple[ParameterView, ...]


class ActionRequest(View):
    """Ask for an action: `params` is flat, `service` among them."""

    action: str
    params: dict[str, Scalar] = {}


class ActionResult(View):
    """What became of it."""

    ok: bool
    action: str
    result: str
    before: str = ""
    after: str = ""
    seconds: float = 0


class FeedEntry(View):
    """One line of the feed, newest first: message, hint, system, change, learner's own."""

    seq: int
    at: float
    kind: Literal["message", "hint", "system", "change", "alert", "action", "note"]
    sender: str
    text: str


class HintView(View):
    """A hint that was shown, or the price of the next one."""

    number: int
    text: str | None
    cost: int
    shown_at: float | None


class QuestionView(View):
    """A facet of the write-up: the answer is not here."""

    facet: str
    text: str
    options: dict[str, str]


class WriteUp(View):
    """The learner's account of the cause."""

    answers: dict[str, str] = {}
    text: str = ""


class Snapshot(View):
    """What `WS /v1/events` pushes once a second: all that the desk draws."""

    status: StatusView
    run: RunView | None = None
    impact: ImpactView | None = None
    criteria: tuple[CriterionView, ...] = ()
    alerts: tuple[AlertView, ...] = ()
    feed: tuple[FeedEntry, ...] = Field(default=(), description="newest first, at most 100")
    actions: tuple[ActionView, ...] = ()
    changes: tuple[FeedEntry, ...] = Field(default=(), description="the change log, newest first")
    questions: tuple[QuestionView, ...] = ()


class JournalView(View):
    """A stretch of a run's journal; ask again with `after=last`."""

    entries: tuple[JournalEntry, ...]
    last: int


class LogsView(View):
    """The last lines of a component's log file."""

    component: str
    text: str


class DataView(View):
    """The copies of the shop's data there are."""

    snapshots: tuple[str, ...]


class DataRequest(View):
    """A data set to load: the path of a `.sql` file, or of a folder of such."""

    source: str = Field(min_length=1)


class SqlView(View):
    """Rows of a read-only SQL query; times are ISO 8601 text."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Scalar | None, ...], ...]
    truncated: bool = Field(description="the row limit cut the result")
    seconds: float


class FaultView(View):
    """A fault that the sandbox can set in, and whether it is."""

    id: str
    row: int = Field(description="of the list of fault classes")
    title: str
    mechanism: str
    level: str
    mitigation: str
    params: dict[str, Scalar] = {}
    needs_root: bool = False
    injected: bool = False
    there: bool = Field(default=False, description="the cause is still there")


class LoadView(View):
    """Who comes to the sandbox: how many a second, and what they do."""

    rate: float = Field(description="requests per second")
    pattern: str
    mix: dict[str, float] = Field(default={}, description="journeys; none: as before")

    @property
    def words(self) -> str:
        """The load in a few words, for the change log."""
        journeys = ", ".join(f"{name}={weight:g}" for name, weight in self.mix.items())
        return f"{self.pattern} {self.rate:g}/s{', ' if journeys else ''}{journeys}"


class ProcessView(View):
    """One process of a component, as `ps` and its own endpoints tell it."""

    instance: str
    state: str
    pid: int | None = None
    release: str = ""
    settings_version: int | None = None
    memory: int | None = Field(default=None, description="PSS in bytes")
    cpu: float | None = Field(default=None, description="share of one core, over a moment")
    threads: int | None = None
    open_files: int | None = None
    connections: dict[str, int] = Field(default={}, description="TCP connections by state")


class CodeView(View):
    """The code of the release that a service runs."""

    service: str
    release: str
    code: str


class TracedView(View):
    """One request sent as a user would, and the trace it made."""

    request: str
    status: int
    seconds: float
    trace_id: str


class RunRequest(View):
    """Ask for a run; the seed is the scenario's own unless given."""

    scenario: str
    seed: int | None = Field(default=None, ge=0)
    speed: float = Field(
        default=1, ge=0.1, le=100, description="shortens waiting (timeline, hints), not physics"
    )


class NoteRequest(View):
    """A hypothesis or an observation of the learner."""

    text: str = Field(min_length=1, max_length=4000)


class DeclareRequest(View):
    """The learner's first judgement: how bad it is."""

    severity: Literal["sev1", "sev2", "sev3", "no incident"]


class SignalRequest(View):
    """A signal for a component's process."""

    signal: Literal["STOP", "CONT", "TERM", "KILL", "INT", "HUP", "QUIT"]


class ScaleRequest(View):
    """How many instances of a service shall run."""

    instances: int = Field(ge=0, le=10)


class ConfigView(View):
    """Operator settings of a service: their values, and the old ones of those just changed."""

    component: str
    values: dict[str, Scalar]
    before: dict[str, Scalar] = {}


class TraceRequest(View):
    """A request that users send: its step's name, or method and route."""

    request: str = Field(min_length=1, max_length=200)


class SqlRequest(View):
    """One SQL statement, read only."""

    query: str = Field(min_length=1, max_length=20_000)
    limit: int = Field(default=1000, ge=1, le=10_000)
