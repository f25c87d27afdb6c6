"""The orchestrator itself: the lab's state, its runs, and what every second brings."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from importlib.metadata import PackageNotFoundError, version

from obstack_lab.engine.interface import Component, Data
from obstack_lab.errors import ScenarioError, UnknownName, UsageError, WrongPhase
from obstack_lab.orchestrator.archive import Archive, Book
from obstack_lab.orchestrator.boot import Boot
from obstack_lab.orchestrator.feed import change_log, feed
from obstack_lab.orchestrator.fingerprint import fingerprint
from obstack_lab.orchestrator.paging import Notification, Paging
from obstack_lab.orchestrator.play import Play, Stage
from obstack_lab.orchestrator.run import SANDBOX, Run, new_run_id
from obstack_lab.orchestrator.sandbox.hand import fault_view
from obstack_lab.orchestrator.sandbox.incident import sandbox
from obstack_lab.orchestrator.views import (
    ComponentView,
    FaultView,
    QuestionView,
    RunRequest,
    ScenarioView,
    Snapshot,
    StatusView,
    WriteUp,
)
from obstack_lab.review.journal import Change, ChangeEntry, QueryEntry
from obstack_lab.scenario.library import Library
from obstack_lab.scenario.loader import Incident

CURRENT = "current"
_SETTLE = 30.0
_ONCE_EVERY = 60.0


@dataclass(frozen=True)
class LabIdentity:
    """Who this lab is."""

    lab_id: str
    engine: str
    backends: str


class Orchestrator:
    """Thread-safe; the API calls it, the conductor ticks it."""

    def __init__(self, identity: LabIdentity, stage: Stage, library: Library, boot: Boot) -> None:
        self.boot = boot
        self.identity = identity
        self.stage = stage
        self.library = library
        self.archive = Archive(stage.records, stage.ledger)
        self._play: Play | None = None
        self._trouble = ""
        self._creating = threading.Lock()
        self._version = _version()
        self._repeated: dict[tuple[str, str, str], float] = {}

    # the lab

    def status(self) -> StatusView:
        """Return the lab as a whole."""
        components = self.components()
        play = self._play
        return StatusView(
            lab_id=self.identity.lab_id,
            version=self._version,
            engine=self.identity.engine,
            backends=self.identity.backends,
            healthy=self.boot.done and all(c.state == "healthy" for c in components),
            now=self.stage.clock(),
            components=components,
            run=play.run.id if play is not None and play.run.active else None,
            starting=() if self.boot.done else self.boot.steps(),
            started=self.boot.steps() if self.boot.done else (),
            trouble=self._trouble,
        )

    def components(self, *, resources: bool = False) -> tuple[ComponentView, ...]:
        """Return every component; with memory and CPU time where asked for, which takes longer."""
        engine = self.stage.engine
        usage = engine.usage() if resources else {}

        def view(component: Component) -> ComponentView:
            used = usage.get(component.name)
            plain = asdict(replace(component, children=()))
            return ComponentView(
                **plain
                | {
                    "children": tuple(map(view, component.children)),
                    "memory": used.memory if used else None,
                    "cpu_seconds": used.cpu_seconds if used else None,
                }
            )

        return tuple(map(view, engine.components()))

    def component(self, name: str) -> ComponentView:
        """Return one component; raise UnknownName."""
        known = {component.name: component for component in _flat(self.components())}
        if name not in known:
            raise UnknownName("component", name, tuple(known))
        return known[name]

    def scenarios(self) -> tuple[ScenarioView, ...]:
        """Return the library; a scenario with mistakes is left out (`scenarios validate`)."""
        views = []
        for name in self.library.ids():
            try:
                views.append(self.scenario(name))
            except ScenarioError:
                continue
        return tuple(views)

    def scenario(self, name: str) -> ScenarioView:
        """Return what a learner may know of a scenario."""
        incident = self._incident(name)
        scenario = incident.scenario
        return ScenarioView(
            id=scenario.id,
            title=scenario.title,
            difficulty=scenario.difficulty,
            minutes=scenario.minutes,
            skills=scenario.skills,
            services=scenario.services,
            briefing=incident.briefing,
            toolkit=scenario.toolkit,
            certified=_certified(incident),
            state=self.archive.state_of(name),
        )

    # runs

    def create_run(self, request: RunRequest) -> Run:
        """Begin a run with its baseline; raise WrongPhase while another one is active."""
        if not self._creating.acquire(blocking=False):
            raise WrongPhase("Another run is being prepared right now. Wait a moment.")
        try:
            scenario = self._incident(request.scenario).scenario
            if not self.boot.done:
                raise WrongPhase("The lab still starts. Wait until `./lab status` is healthy.")
            before = self._play
            if before is not None and before.run.active:
                raise WrongPhase(
                    f"Run {before.run.id} is still active. Finish it with `lab.finish()` or "
                    "`./lab finish`, then begin another."
                )
            if before is not None:
                before.settle(_SETTLE)
            now = self.stage.clock()
            run = Run(
                id=new_run_id(scenario.id, now),
                scenario=scenario,
                seed=scenario.load.seed if request.seed is None else request.seed,
                speed=request.speed,
                engine=self.identity.engine,
                created_at=now,
            )
            self._play = Play(self.stage, run)
            return self._play.prepare()
        finally:
            self._creating.release()

    def runs(self) -> tuple[Run, ...]:
        """Return every run, newest first."""
        return self.stage.records.runs()

    def play(self, run: str) -> Play:
        """Return the play of the active or latest run; raise for one that is long over."""
        play = self._play
        if play is not None and run in {CURRENT, play.run.id}:
            return play
        book = self.book(run)
        raise WrongPhase(
            f"Run {book.run.id} has ended. Read its review, or begin another run of "
            f"'{book.run.scenario.id}'."
        )

    def book(self, run: str) -> Book:
        """Return all that is known of a run, active or long over."""
        play = self._play
        if play is not None and run in {CURRENT, play.run.id}:
            return Book(play.run, play.journal)
        return self.archive.book(run)

    def mark_interrupted(self) -> None:
        """Say of runs without an end that they ended when their orchestrator did."""
        self.archive.mark_interrupted()

    def interrupt(self, reason: str) -> None:
        """End the active run because the lab is stopped."""
        play = self._play
        if play is not None and play.run.active:
            play.interrupt(reason)

    def write_up(self, run: str, account: WriteUp) -> Run:
        """Take the account of a cause, of an old run, too."""
        _check_answers(self.book(run).run, account)
        play = self._play
        if play is not None and run in {CURRENT, play.run.id}:
            return play.write_up(account)
        return self.archive.write_up(run, account, self.stage.clock())

    def changed(
        self, *, who: str, component: str, what: Change, before: str = "", after: str = ""
    ) -> None:
        """Write into the active run's change log what was done outside its toolkit."""
        play = self._play
        if play is not None and play.run.active:
            play.changed(
                ChangeEntry(
                    at=self.stage.clock(),
                    who=who,
                    component=component,
                    what=what,
                    before=before,
                    after=after,
                )
            )

    def asked(self, query: QueryEntry) -> None:
        """Write a learner's query into the active run's journal.

        A screen that draws itself anew asks the same again and again: that is kept once a minute.
        """
        play = self._play
        if play is None or not play.run.active:
            return
        if query.repeated:
            key = (query.client, query.language, query.query)
            if query.at - self._repeated.get(key, -_ONCE_EVERY) < _ONCE_EVERY:
                return
            self._repeated[key] = query.at
        play.record(query)

    def notified(self, paging: Paging, notification: Notification) -> None:
        """Tell the learner of the active run what Alertmanager notifies of."""
        play = self._play
        if play is not None and play.run.active:
            message = paging.message(play.run.id, notification, self.stage.clock())
            if message is not None:
                play.record(message)

    def data(self) -> Data:
        """Return the shop's data to change; raise WrongPhase while an incident is played."""
        play = self._play
        if play is not None and play.run.active and not play.run.by_hand:
            raise WrongPhase("An incident is played: its data stays. Finish the run first.")
        return self.stage.engine.data

    # the sandbox

    def sandbox(self) -> Play:
        """Return the play of the sandbox; raise WrongPhase where none is open."""
        play = self._play
        if play is None or not play.run.active:
            raise WrongPhase("No sandbox is open. Open it: `open_lab()` or `./lab sandbox`.")
        return play

    def faults(self) -> tuple[FaultView, ...]:
        """Return what can be set in; raise WrongPhase while an incident is played."""
        play = self._play
        if play is None or not play.run.active:
            return tuple(map(fault_view, self.stage.catalogue().faults))
        return play.hand.faults()

    def _incident(self, name: str) -> Incident:
        return sandbox() if name == SANDBOX else self.library.get(name)

    # every second

    def tick(self) -> None:
        """Do what is due now."""
        play = self._play
        if self.boot.done and play is not None:
            play.tick()
            self.stage.records.flush()

    def stumbled(self, trouble: str) -> None:
        """Keep what the last tick stumbled over, or nothing, for everyone to see."""
        self._trouble = trouble

    def snapshot(self) -> Snapshot:
        """Return all that the desk draws."""
        status = self.status()
        play = self._play
        if play is None:
            return Snapshot(status=status)
        run = play.run
        entries = play.journal.shown(ended=not run.active)
        return Snapshot(
            status=status,
            run=run.view(status.now),
            impact=play.impact_view,
            criteria=tuple(judge.view for judge in play.judges),
            alerts=play.alerts.views(),
            feed=feed(entries),
            actions=play.bench.forms,
            changes=change_log(entries),
            questions=questions(run),
        )


def questions(run: Run) -> tuple[QuestionView, ...]:
    """Return the facets of the write-up, without the answers."""
    return tuple(
        QuestionView(facet=q.facet, text=q.text, options=q.options) for q in run.scenario.questions
    )


def _check_answers(run: Run, account: WriteUp) -> None:
    options = {question.facet: question.options for question in run.scenario.questions}
    for facet, answer in account.answers.items():
        if facet not in options:
            raise UsageError(f"There is no question '{facet}'. Known: {', '.join(options)}.")
        if answer not in options[facet]:
            known = ", ".join(options[facet])
            raise UsageError(f"'{answer}' is no answer to '{facet}'. Known: {known}.")


def _flat(components: Iterable[ComponentView]) -> Iterable[ComponentView]:
    for component in components:
        yield component
        yield from _flat(component.children)


def _certified(incident: Incident) -> bool:
    """Return whether a certificate is stored that still proves this scenario."""
    try:
        stored = json.loads((incident.folder / "certificate.json").read_bytes())
    except (OSError, ValueError):
        return False
    proved = isinstance(stored, dict) and stored.get("certified") is True
    return proved and stored.get("depends_on") == fingerprint(incident.scenario, incident.folder)


def _version() -> str:
    try:
        return version("obstack-lab")
    except PackageNotFoundError:
        return "0"
