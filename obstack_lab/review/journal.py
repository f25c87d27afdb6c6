"""The journal: the append-only record of a run, one typed entry for all that happened."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

Scalar = bool | int | float | str
Phase = Literal["ready", "baseline", "incident", "mitigated", "resolved", "ended"]
Verdict = Literal["pass", "fail", "inconclusive"]
Change = Literal[
    "deploy",
    "rollback",
    "config",
    "restart",
    "scale",
    "signal",
    "load",
    "weight",
    "session",
    "schema",
    "queue",
    "cache",
    "credential",
    "certificate",
    "process",
]
"""What a line of the change log may be about."""


class _Entry(BaseModel):
    """Fields of every entry; `at` is seconds since the epoch, `seq` counts from 1 in a run."""

    model_config = ConfigDict(frozen=True)

    seq: int = 0
    at: float


class PhaseEntry(_Entry):
    kind: Literal["phase"] = "phase"
    phase: Phase
    reason: str = ""


class MessageEntry(_Entry):
    """Something said to the learner by a person or a system."""

    kind: Literal["message"] = "message"
    sender: str
    text: str


class HintEntry(_Entry):
    kind: Literal["hint"] = "hint"
    number: int
    text: str
    cost: int = 0
    why: Literal["time", "condition", "asked"]


class ChangeEntry(_Entry):
    """A line of the change log: deploys, rollbacks, config changes, restarts, whoever made them."""

    kind: Literal["change"] = "change"
    who: str
    component: str
    what: Change
    before: str = ""
    after: str = ""


class ActionEntry(_Entry):
    """An action of the learner: asked, done or refused."""

    kind: Literal["action"] = "action"
    action: str
    params: dict[str, Scalar]
    status: Literal["started", "done", "failed"]
    result: str = ""
    before: str = ""
    after: str = ""
    seconds: float = 0


WATCHER = "desk"
"""The client's name of a desk that draws itself anew, with nobody asking."""
REDRAWING = (WATCHER, "grafana")
"""Clients that ask the same again and again, to draw what is on the screen anew."""


class QueryEntry(_Entry):
    """A telemetry query, through whichever door."""

    kind: Literal["query"] = "query"
    language: Literal["promql", "logql", "traceql", "trace", "sql"]
    query: str
    client: str = ""
    status: int = 200
    rows: int | None = None

    @property
    def asked(self) -> bool:
        """Whether the learner asked, and not a desk that draws itself anew."""
        return not self.client.startswith(WATCHER)

    @property
    def repeated(self) -> bool:
        """Whether the same is likely to be asked again, every few seconds."""
        return self.client.startswith(REDRAWING)


class NoteEntry(_Entry):
    kind: Literal["note"] = "note"
    text: str


class DeclareEntry(_Entry):
    kind: Literal["declare"] = "declare"
    severity: Literal["sev1", "sev2", "sev3", "no incident"]


class AlertEntry(_Entry):
    kind: Literal["alert"] = "alert"
    name: str
    severity: str
    state: Literal["pending", "firing", "resolved", "acknowledged"]
    summary: str = ""
    labels: dict[str, str] = {}


class CriterionEntry(_Entry):
    """A verdict that changed."""

    kind: Literal["criterion"] = "criterion"
    id: str
    verdict: Verdict
    value: float | None
    reason: str = ""


class ComponentEntry(_Entry):
    """A component that died, came back or was started, on nobody's order."""

    kind: Literal["component"] = "component"
    component: str
    what: str


class FaultEntry(_Entry):
    """Of the fault plane: never shown to a learner before the run has ended."""

    kind: Literal["fault"] = "fault"
    id: str
    driver: str
    what: Literal["injected", "cleared", "gone", "back"]


class WriteUpEntry(_Entry):
    kind: Literal["writeup"] = "writeup"
    answers: dict[str, str] = Field(description="facet to the key of the option chosen")
    text: str = ""


class SampleEntry(_Entry):
    """What the users' panel showed, once a second."""

    kind: Literal["sample"] = "sample"
    success_ratio: float | None
    requests: int
    users_affected: int
    requests_lost: int
    downtime: float
    p95: float | None


JournalEntry = Annotated[
    PhaseEntry
    | MessageEntry
    | HintEntry
    | ChangeEntry
    | ActionEntry
    | QueryEntry
    | NoteEntry
    | DeclareEntry
    | AlertEntry
    | CriterionEntry
    | ComponentEntry
    | FaultEntry
    | WriteUpEntry
    | SampleEntry,
    Field(discriminator="kind"),
]
JOURNAL_ENTRY: TypeAdapter[JournalEntry] = TypeAdapter(JournalEntry)
HIDDEN_UNTIL_ENDED = ("fault",)
"""Kinds of entries that the API keeps back until the run has ended."""
