"""One run being played: what happens each second, and what the learner does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Executor, Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError, LabError, WrongPhase
from obstack_lab.orchestrator.alerts import AlertBook
from obstack_lab.orchestrator.criterion import CriterionJudge
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.orchestrator.faults.catalogue import Catalogue, catalogue
from obstack_lab.orchestrator.faults.interface import FaultDriver
from obstack_lab.orchestrator.faults.plane import FaultPlane
from obstack_lab.orchestrator.hints import HintDesk
from obstack_lab.orchestrator.impact import by_prometheus
from obstack_lab.orchestrator.journal import Journal
from obstack_lab.orchestrator.metrics import Metrics, MetricsUnknown, OneChance, is_true
from obstack_lab.orchestrator.phase import Recovery, next_phase
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.run import Run, outcome_of
from obstack_lab.orchestrator.sandbox.hand import Hand
from obstack_lab.orchestrator.service_settings import ServiceSettings
from obstack_lab.orchestrator.stack import stack_of
from obstack_lab.orchestrator.timeline import Timeline
from obstack_lab.orchestrator.traffic import Traffic
from obstack_lab.orchestrator.views import (
    ActionRequest,
    ActionResult,
    AlertView,
    FaultView,
    HintView,
    ImpactView,
    LoadView,
    WriteUp,
)
from obstack_lab.orchestrator.watch import Orders, Watch
from obstack_lab.orchestrator.workbench import LEARNER, Workbench
from obstack_lab.review.journal import (
    ChangeEntry,
    ComponentEntry,
    CriterionEntry,
    DeclareEntry,
    FaultEntry,
    JournalEntry,
    MessageEntry,
    NoteEntry,
    Phase,
    PhaseEntry,
    SampleEntry,
    WriteUpEntry,
)
from obstack_lab.scenario.model import LoadPhase, Scalar, Scenario, TimelineEvent

_LOAD = "load"
_STEPS = 2
"""Phases that a run may pass in one second: mitigated, then resolved."""
_NOBODY = ImpactView(
    success_ratio=None,
    p95=None,
    rate=0,
    users=0,
    users_affected=0,
    requests=0,
    requests_lost=0,
    downtime=0,
)


class Impact(Protocol):
    """Counts what users suffer, from the run's ledger."""

    def begin(self, at: float) -> None:
        """Count from this moment on."""

    def look(self, now: float) -> ImpactView:
        """Read what is new in the ledger and return the figures."""


@dataclass(frozen=True)
class Stage:
    """What a run is played on; everything that reaches outside is here, and can be replaced."""

    engine: Engine
    metrics: Metrics
    records: Records
    settings: ServiceSettings
    work: Executor
    clock: Callable[[], float]
    impact: Callable[[Path, Scenario], Impact]
    ledger: Callable[[str], Path]
    drivers: Mapping[str, FaultDriver]
    orders: Orders
    delivery: Delivery
    catalogue: Callable[[], Catalogue] = catalogue
    tell: Callable[[JournalEntry], None] = lambda _: None
    """Hears every entry of the journal."""


class Play:
    """Thread-safe: the conductor ticks it while learners act."""

    def __init__(self, stage: Stage, run: Run) -> None:
        scenario = run.scenario
        self._stage = stage
        self._run = run
        self._lock = threading.RLock()
        stage.records.save(run)
        self.journal = Journal(run.id, stage.records)
        self._write(PhaseEntry(at=run.created_at, phase="ready"))
        self.alerts = AlertBook()
        self.hints = HintDesk(())
        self.judges = tuple(CriterionJudge(criterion) for criterion in scenario.criteria)
        self.impact_view: ImpactView | None = None
        self._impact = stage.impact(stage.ledger(run.id), scenario)
        self._plane = FaultPlane(stage.engine, self._write, stage.orders, stage.drivers)
        self._timeline = Timeline(scenario.timeline)
        self._traffic = Traffic(stage.engine, stage.ledger(run.id))
        self._hand = Hand(
            self._plane,
            stage.engine,
            stage.drivers,
            catalogue=stage.catalogue,
            clock=stage.clock,
            write=self._write,
        )
        self._watch = Watch()
        self._work: list[Future[None]] = []
        self.bench = Workbench(
            scenario,
            engine=stage.engine,
            settings=stage.settings,
            delivery=stage.delivery,
            orders=stage.orders,
            clock=stage.clock,
            write=self._write,
        )

    @property
    def run(self) -> Run:
        return self._run

    # the course of a run

    def prepare(self) -> Run:
        """Bring the system into its known good state and let users come; raise EngineError."""
        engine, scenario = self._stage.engine, self._run.scenario
        try:
            for event in scenario.timeline:
                if event.inject is not None:
                    self._plane.check(event.inject)
            self._stage.ledger(self._run.id).parent.mkdir(parents=True, exist_ok=True)
            engine.start(stack_of(scenario), lambda _: None)
            engine.data.reset()
            self.bench.open()
            self._traffic.start(self._run, self._stage.clock())
        except LabError as error:
            self._end(f"The system could not be prepared: {error}")
            raise
        self._watch.look(engine.components(), frozenset())
        return self._enter("baseline", "Users come; the system is as it should be.")

    def start(self) -> Run:
        """Let the incident begin; a second call changes nothing."""
        with self._lock:
            if self._run.under_way:
                return self._run
            self._run.need_active()
            if self._run.phase != "baseline":
                raise WrongPhase(
                    "The system is still being prepared. Wait for the phase 'baseline'."
                )
            now = self._stage.clock()
            self._impact.begin(now)
            return self._enter("incident", "The incident has begun.", started_at=now)

    def finish(self, reason: str = "You finished the run.") -> Run:
        """End the run; a second call changes nothing."""
        with self._lock:
            if self._run.active:
                self._end(reason)
        return self._run

    def interrupt(self, reason: str) -> None:
        """End the run because the lab stops; its components are about to go, too."""
        with self._lock:
            if self._run.active:
                self._end(reason, interrupted=True)

    def settle(self, seconds: float) -> None:
        """Wait until work in the background is done."""
        deadline = time.monotonic() + seconds
        for work in self._work:
            work.result(max(0.0, deadline - time.monotonic()))

    def impact_now(self) -> ImpactView:
        """Return what users suffer, as of the last second."""
        return self.impact_view or _NOBODY

    # each second

    def tick(self) -> None:
        """Do what is due now."""
        now = self._stage.clock()
        metrics = OneChance(self._stage.metrics)
        self._traffic.keep()
        self._follow_components(now)
        with self._lock:
            if not self._run.active or self._run.phase == "ready":
                return
        impact = self._impact.look(now).model_copy(
            update={"prometheus_success_ratio": by_prometheus(metrics)}
        )
        self.impact_view = impact
        self._follow_alerts(metrics, now)
        self._judge(metrics, impact, now)
        for event in self._timeline.due(self._run, now):
            self._play_event(event, metrics, now)
        for hint in self.hints.due(self._run, metrics, now):
            self._write(hint)
        self._plane.look(now)
        with self._lock:
            self._move(now)
            if self._run.active:
                self._write(_sample(impact, now))

    def _follow_components(self, now: float) -> None:
        news = self._watch.look(self._stage.engine.components(), self._stage.orders.touched())
        if self._run.active:
            for component, what in news:
                self._write(ComponentEntry(at=now, component=component, what=what))

    def _follow_alerts(self, metrics: Metrics, now: float) -> None:
        try:
            active = metrics.alerts()
        except MetricsUnknown:
            return
        for entry in self.alerts.update(active, now):
            self._write(entry)

    def _judge(self, metrics: Metrics, impact: ImpactView, now: float) -> None:
        unknown = "" if impact.rate > 0 else "no user has come in the last seconds"
        for judge in self.judges:
            before = judge.view.verdict
            after = judge.judge(metrics, now, unknown)
            if after.verdict != before:
                self._write(
                    CriterionEntry(
                        at=now,
                        id=after.id,
                        verdict=after.verdict,
                        value=after.value,
                        reason=after.reason,
                    )
                )

    def _play_event(self, event: TimelineEvent, metrics: Metrics, now: float) -> None:
        if event.inject is not None:
            wanted = event.inject
            self._behind(lambda: self._plane.inject(wanted, self._stage.clock))
        if event.clear is not None:
            injection = event.clear
            self._behind(lambda: self._plane.clear(injection, self._stage.clock))
        if event.load is not None:
            try:
                self._traffic.follow(event.load)
            except EngineError:
                self._traffic.keep()
            self._write(FaultEntry(at=now, id=_LOAD, driver=_LOAD, what="injected"))
        message = event.message
        if message is not None and (message.when is None or is_true(metrics, message.when)):
            self._write(MessageEntry(at=now, sender=message.sender, text=message.text))

    def _behind(self, work: Callable[[], None]) -> None:
        self._work = [future for future in self._work if not future.done()]
        self._work.append(self._stage.work.submit(work))

    def _move(self, now: float) -> None:
        run = self._run
        if not run.under_way:
            return
        recovery = Recovery(
            failing=tuple(j.criterion.title for j in self.judges if j.view.verdict == "fail"),
            passing=all(j.view.verdict == "pass" for j in self.judges),
            faulty=bool(self._timeline.injections or self._plane.made),
            injected=self._timeline.injections <= self._plane.made,
            gone=self._plane.gone,
        )
        if recovery.failing and not run.turned_red:
            self._change(turned_red=True)
        for _ in range(_STEPS):
            if (step := next_phase(self._run, recovery, now)) is None:
                break
            phase, reason, changes = step
            self._enter(phase, reason, **changes)
        if self._run.elapsed(now) >= self._run.length:
            self._end("Time is over.")

    # the sandbox

    @property
    def hand(self) -> Hand:
        """What breaks a sandbox; raise WrongPhase in every other run: there the door is sealed."""
        if not (self._run.by_hand and self._run.active):
            raise WrongPhase(
                "Faults and the load are the scenario's while an incident is played. Finish it, "
                "then open the sandbox: `open_lab()` or `./lab sandbox`."
            )
        return self._hand

    def inject(self, fault: str, params: Mapping[str, Scalar]) -> FaultView:
        """Set a fault into the sandbox; with the first one users are counted."""
        hand = self.hand
        chosen = hand.wanted(fault, params)
        self.start()
        return hand.inject(*chosen)

    def load(self, phase: LoadPhase, mix: Mapping[str, float]) -> LoadView:
        """Let other users come to the sandbox, from now on."""
        self.hand.need_journeys(self._run.scenario.load, mix)
        self._traffic.follow(phase)
        if mix:
            self._traffic.mix(mix)
        view = LoadView(rate=phase.rate, pattern=phase.pattern, mix=dict(mix))
        self.changed(
            ChangeEntry(
                at=self._stage.clock(), who=LEARNER, component=_LOAD, what="load", after=view.words
            )
        )
        return view

    # what the learner does

    def act(self, request: ActionRequest) -> ActionResult:
        """Do something as the operator; raise ActionError, journalled, where it cannot be."""
        self._run.need_incident("An action")
        return self.bench.act(request)

    def changed(self, change: ChangeEntry) -> None:
        """Write down a change that was made through the components' own endpoints."""
        if self._run.active:
            self._write(change)
            self.bench.redraw()

    def note(self, text: str) -> Run:
        """Keep a hypothesis or an observation."""
        self._write(NoteEntry(at=self._stage.clock(), text=text))
        return self._run

    def declare(self, entry: DeclareEntry) -> Run:
        """Take the learner's judgement of how bad it is."""
        with self._lock:
            self._run.need_incident("To declare")
            self._write(entry)
            detected = self._run.detected_at or entry.at
            return self._change(severity=entry.severity, detected_at=detected)

    def acknowledge(self, alert: str) -> AlertView:
        """Take that the learner has seen an alert; the first time counts as detection."""
        now = self._stage.clock()
        entry = self.alerts.acknowledge(alert, now)
        if entry is not None:
            self._write(entry)
            with self._lock:
                if self._run.under_way and self._run.detected_at is None:
                    self._change(detected_at=now)
        return self.alerts.view(alert)

    def next_hint(self) -> HintView:
        """Sell the next hint."""
        entry = self.hints.buy(self._run, self._stage.clock())
        self._write(entry)
        return HintView(number=entry.number, text=entry.text, cost=entry.cost, shown_at=entry.at)

    def write_up(self, account: WriteUp) -> Run:
        """Take the account of the cause; the latest counts."""
        now = self._stage.clock()
        self._write(WriteUpEntry(at=now, answers=account.answers, text=account.text))
        return self._change(write_up=account)

    def record(self, entry: JournalEntry) -> None:
        """Keep something that others saw the learner do."""
        self._write(entry)

    # inside

    def _write(self, entry: JournalEntry) -> JournalEntry:
        kept = self.journal.append(entry)
        self._stage.tell(kept)
        return kept

    def _change(self, **changes: Any) -> Run:
        with self._lock:
            self._run = self._run.model_copy(update=changes)
            self._stage.records.save(self._run)
            return self._run

    def _enter(self, phase: Phase, reason: str, **changes: Any) -> Run:
        now = self._stage.clock()
        run = self._change(phase=phase, reason=reason, **changes)
        self._write(PhaseEntry(at=now, phase=phase, reason=reason))
        return run

    def _end(self, reason: str, **changes: Any) -> None:
        phase = self._run.phase
        now = self._stage.clock()
        self._enter("ended", reason, ended_at=now, outcome=outcome_of(phase), **changes)
        self._traffic.stop()
        if not self._run.interrupted:
            self._behind(lambda: self._plane.clear_all(self._stage.clock))


def _sample(impact: ImpactView, now: float) -> SampleEntry:
    return SampleEntry(
        at=now,
        success_ratio=impact.success_ratio,
        requests=impact.requests,
        users_affected=impact.users_affected,
        requests_lost=impact.requests_lost,
        downtime=impact.downtime,
        p95=impact.p95,
    )
