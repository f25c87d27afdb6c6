"""The one object that a learner holds."""

from __future__ import annotations

import math
import threading
import time
from contextlib import closing
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

from obstack_lab.errors import LabDown, UsageError, WrongPhase
from obstack_lab.lab import front, words
from obstack_lab.lab.fix import Fix
from obstack_lab.lab.hands import Hands
from obstack_lab.lab.sheet import Sheet
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.daemon import attach
from obstack_lab.orchestrator.views import (
    CriterionView,
    HintView,
    RunView,
    ScenarioView,
    Snapshot,
    WriteUp,
)
from obstack_lab.scenario.model import parse_duration
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

if TYPE_CHECKING:
    import pandas as pd

    from obstack_lab.query import Trace
    from obstack_lab.review import Review

Severity = Literal["sev1", "sev2", "sev3", "no incident"]
Window = tuple[float, float]
"""Start and end, seconds since the epoch."""
MOST_POINTS = 360


class Lab(Hands):
    """A lab with its run: start the incident, ask, act, check, finish, review.

    Every method returns at once or within seconds, and raises a `LabError` whose message says the
    next step. Thread-safe. As a context manager it closes its connections; the lab goes on.
    """

    def __init__(self, home: LabHome, state: LabState, *, scenario: str | None = None) -> None:
        self.home = home
        self.scenario = scenario
        self.fix = Fix(lambda: self.client)
        self._client = Client(state)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        what = f"scenario={self.scenario!r}" if self.scenario else "no scenario"
        return f"Lab({what}, {self.client.state.url})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections; the lab and its run go on."""
        self.client.close()

    @property
    def client(self) -> Client:
        """The typed client of the orchestrator that runs now."""
        return self._client

    def reattach(self) -> bool:
        """Find the orchestrator again, after it went away; return whether one answers."""
        state = attach(self.home)
        if state is None:
            return False
        with self._lock:
            if state != self._client.state:
                self._client = Client(state)
        return True

    def snapshot(self) -> Snapshot:
        """Return all that the desk shows, once."""
        return next(iter(self.client.events(reconnect=False)))

    # the run

    def start(self) -> Sheet:
        """Let the incident begin; returns at once, and a second call changes nothing."""
        return _run_sheet(self.client.start())

    def declare(self, severity: Severity) -> Sheet:
        """Say how bad it is: `sev1`, `sev2`, `sev3` or `no incident`."""
        return _run_sheet(self.client.declare(severity))

    def note(self, text: str) -> Sheet:
        """Write down a hypothesis or an observation; the review shows it."""
        self.client.note(text)
        return Sheet("Noted.")

    def hint(self) -> HintView:
        """Buy the next hint; `lab.client.hints()` tells its price."""
        return self.client.next_hint()

    def acknowledge(self, alert: str) -> Sheet:
        """Say that you have seen an alert, by its id or its name."""
        found = [a for a in self.client.alerts() if alert in {a.id, a.name}]
        if not found:
            raise UsageError(f"No alert '{alert}' has fired. `lab.client.alerts()` lists them.")
        for item in found:
            self.client.acknowledge(item.id)
        return Sheet(f"Acknowledged {alert}.")

    def check(self) -> Sheet:
        """Return the verdict of every criterion now; true when all of them pass."""
        criteria = self.client.criteria()
        if not criteria:
            raise WrongPhase('No run is open. Open one: lab = open_lab("checkout-stalls")')
        passed = sum(c.verdict == "pass" for c in criteria)
        return Sheet(
            f"{passed} of {len(criteria)} criteria pass",
            ("criterion", "verdict", "value", "target", "held"),
            [_criterion_row(c) for c in criteria],
            ok=passed == len(criteria),
        )

    def writeup(self, *, text: str = "", **answers: str) -> Sheet:
        """Hand in the cause: one answer a facet, and your words. Without any: the questions."""
        if not answers and not text:
            questions = self.snapshot().questions
            rows = [
                (question.facet, key, label)
                for question in questions
                for key, label in question.options.items()
            ]
            note = 'Answer so: lab.writeup(component="…", mechanism="…", text="…")'
            return Sheet("Write-up: what was the cause?", ("facet", "answer", "means"), rows, note)
        self.client.write_up(WriteUp(answers=answers, text=text))
        return Sheet("Write-up saved. You can change it until the run ends.")

    def finish(self) -> Sheet:
        """End the run; `lab.review()` opens then."""
        return _run_sheet(self.client.finish(), "Read what happened: lab.review()")

    def review(self) -> Review | Sheet:
        """Return the after-action review; before the end, a line that says what it waits for."""
        from obstack_lab.review import Review

        try:
            return Review.model_validate(self.client.review())
        except WrongPhase as error:
            return Sheet(str(error), ok=False)

    def status(self) -> Sheet:
        """Return every component with its state; true when all are healthy."""
        status = self.client.status()
        rows = [
            (c.name, c.state, c.release or "", words.whole(max(0.0, status.now - c.since)))
            for top in status.components
            for c in (top, *top.children)
        ]
        title = f"Lab {status.lab_id}, engine {status.engine}"
        return Sheet(title, ("component", "state", "release", "since"), rows, ok=status.healthy)

    def briefing(self) -> ScenarioView:
        """Return what may be known of the scenario before it is played."""
        if self.scenario is None:
            raise UsageError('No scenario is open. Open one: lab = open_lab("checkout-stalls")')
        return self.client.scenario(self.scenario)

    # questions

    def promql(
        self, query: str, *, last: str | Window = "15m", step: str | None = None
    ) -> pd.DataFrame:
        """Ask Prometheus over the last minutes; columns `time`, `value` and one a label."""
        from obstack_lab.query import Promql

        start, end = _window(last)
        with closing(Promql(self.client.telemetry_url("prometheus"), self.client.headers)) as ask:
            return ask.range(query, start, end, step or _step(start, end))

    def logql(self, query: str, *, last: str | Window = "15m", limit: int = 1000) -> pd.DataFrame:
        """Ask for the newest log lines, oldest of them first, or for a metric made of lines."""
        from obstack_lab.query import Logql

        start, end = _window(last)
        with closing(Logql(self.client.telemetry_url("loki"), self.client.headers)) as ask:
            return ask.range(query, start, end, _step(start, end), limit=limit)

    def traceql(self, query: str, *, last: str | Window = "15m", limit: int = 20) -> pd.DataFrame:
        """Search traces; one row a trace."""
        from obstack_lab.query import Traceql

        start, end = _window(last)
        with closing(Traceql(self.client.telemetry_url("tempo"), self.client.headers)) as ask:
            return ask.query(query, start, end, _step(start, end), limit=limit)

    def trace(self, trace: str | pd.DataFrame) -> Trace | Sheet:
        """Return one trace with all its spans: by its id, or the newest of `lab.traceql(…)`."""
        if not isinstance(trace, str):
            if trace.empty:
                return Sheet("The search found no trace yet. Run it again in a moment.", ok=False)
            trace = str(trace["trace_id"].iloc[0])
        from obstack_lab.query import Traceql

        with closing(Traceql(self.client.telemetry_url("tempo"), self.client.headers)) as ask:
            return ask.trace(trace.strip())

    def explore(
        self, signal: str = "metrics", query: str = "", *, last: str | Window = "15m"
    ) -> Any:
        """Show metrics, logs or traces to look around in; what is asked there is journalled, too.

        `signal` is `metrics`, `logs` or `traces`; a query or a trace's id to begin with:
        `lab.explore("logs", '{service_name="orders"} |= "timeout"', last="5m")`.
        """
        return front.explore(self, front.Asked(signal, query, last))

    def dashboards(self, name: str = "") -> Any:
        """Show the dashboards, beginning with the one of this name."""
        return front.explore(self, front.Asked("dashboards", name, "15m"))

    def sql(self, query: str, *, limit: int = 1000) -> pd.DataFrame:
        """Ask the database: read only, at most five seconds."""
        import pandas as pd

        answer = self.client.sql(query, limit=limit)
        return pd.DataFrame(list(answer.rows), columns=list(answer.columns))


def _window(last: str | Window) -> Window:
    """Return start and end, seconds since the epoch: the last minutes, or what was chosen."""
    if not isinstance(last, str):
        return last
    now = time.time()
    try:
        return now - parse_duration(last), now
    except ValueError as error:
        raise UsageError(f"last={last!r} is not {error}.") from None


def _step(start: float, end: float) -> str:
    """Return a distance of points that gives at most 360 of them, in whole seconds."""
    return f"{max(1, math.ceil((end - start) / MOST_POINTS))}s"


class ClosedLab:
    """Stands where no lab is open: everything asked of it says how to open one."""

    def __repr__(self) -> str:
        return "No lab is open. Open one: lab = open_lab()"

    def __getattr__(self, name: str) -> object:
        if name.startswith("_"):
            raise AttributeError(name)
        raise LabDown('No lab is open here. Open one first: lab = open_lab("checkout-stalls")')


def _run_sheet(run: RunView, note: str = "") -> Sheet:
    phase = words.PHASES[run.phase]
    severity = f", {run.severity}" if run.severity else ""
    outcome = f" {words.OUTCOMES[run.outcome].word}." if run.outcome else ""
    title = f"{phase.shape} {run.title}: {phase.word.lower()}{severity}.{outcome}"
    return Sheet(title, note=note or run.reason)


def _criterion_row(item: CriterionView) -> tuple[str, ...]:
    sign = words.VERDICTS[item.verdict]
    return (
        item.title,
        f"{sign.shape} {sign.word}{': ' + item.reason if item.reason else ''}",
        words.quantity(item.value, item.unit),
        words.target(item.target, item.unit),
        f"{words.whole(item.held)} of {words.whole(item.hold)}",
    )
