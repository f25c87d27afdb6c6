"""Scenarios and runs: `/v1/scenarios`, `/v1/runs`."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query

from obstack_lab.errors import WrongPhase
from obstack_lab.orchestrator.account import review_of
from obstack_lab.orchestrator.alerts import alerts_of
from obstack_lab.orchestrator.feed import change_log
from obstack_lab.orchestrator.hints import HintDesk
from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.run import Run
from obstack_lab.orchestrator.views import (
    ActionRequest,
    ActionResult,
    ActionView,
    AlertView,
    CriterionView,
    DeclareRequest,
    FeedEntry,
    HintView,
    ImpactView,
    JournalView,
    NoteRequest,
    RunRequest,
    RunView,
    ScenarioView,
    WriteUp,
)
from obstack_lab.review.journal import DeclareEntry


def router(lab: Orchestrator) -> APIRouter:
    """Return the routes."""
    routes = APIRouter()
    _library(routes, lab)
    _course(routes, lab)
    _reading(routes, lab)
    _telling(routes, lab)
    _learner(routes, lab)
    return routes


def _library(routes: APIRouter, lab: Orchestrator) -> None:
    @routes.get("/scenarios")
    def scenarios() -> tuple[ScenarioView, ...]:
        """Return the library of incidents."""
        return lab.scenarios()

    @routes.get("/scenarios/{scenario}")
    def scenario(scenario: str) -> ScenarioView:
        """Return what a learner may know of one scenario before playing it."""
        return lab.scenario(scenario)


def _course(routes: APIRouter, lab: Orchestrator) -> None:
    def view(run: Run) -> RunView:
        return run.view(lab.stage.clock())

    @routes.post("/runs", status_code=201)
    def create(request: RunRequest) -> RunView:
        """Begin a run: the system is prepared and users come. 409 while another is active."""
        return view(lab.create_run(request))

    @routes.get("/runs")
    def runs() -> tuple[RunView, ...]:
        """Return every run, newest first."""
        return tuple(map(view, lab.runs()))

    @routes.get("/runs/{run}")
    def one(run: str) -> RunView:
        """Return a run's state; `current` is the active run, else the latest."""
        return view(lab.book(run).run)

    @routes.post("/runs/{run}/start")
    def start(run: str) -> RunView:
        """Let the incident begin; a second call changes nothing."""
        return view(lab.play(run).start())

    @routes.post("/runs/{run}/finish")
    def finish(run: str) -> RunView:
        """End a run; a second call changes nothing."""
        book = lab.book(run)
        return view(lab.play(run).finish() if book.run.active else book.run)

    @routes.get("/runs/{run}/review")
    def review(run: str) -> dict[str, Any]:
        """Return the after-action review; 409 before the end."""
        book = lab.book(run)
        if book.run.active:
            raise WrongPhase(
                "The review is for afterwards: it holds the answers. Finish the run with "
                "`lab.finish()` or `./lab finish`."
            )
        return review_of(book, lab.stage.ledger(book.run.id), lab.library)


def _reading(routes: APIRouter, lab: Orchestrator) -> None:
    @routes.get("/runs/{run}/journal")
    def journal(run: str, after: Annotated[int, Query(ge=0)] = 0) -> JournalView:
        """Return the journal from a number on; what is sealed only after the end."""
        book = lab.book(run)
        entries = book.journal.shown(after=after, ended=not book.run.active)
        return JournalView(entries=entries, last=entries[-1].seq if entries else after)

    @routes.get("/runs/{run}/impact")
    def impact(run: str) -> ImpactView:
        """Return what users suffered, counted from the ledger."""
        book = lab.book(run)
        if not book.run.active:
            return lab.archive.impact(book.run)
        return lab.play(run).impact_now()

    @routes.get("/runs/{run}/criteria")
    def criteria(run: str) -> tuple[CriterionView, ...]:
        """Return the verdict of every criterion."""
        book = lab.book(run)
        if not book.run.active:
            return lab.archive.criteria(book)
        return tuple(judge.view for judge in lab.play(run).judges)


def _telling(routes: APIRouter, lab: Orchestrator) -> None:
    @routes.get("/runs/{run}/alerts")
    def alerts(run: str) -> tuple[AlertView, ...]:
        """Return the alerts of a run, those that are over included."""
        book = lab.book(run)
        if not book.run.active:
            return alerts_of(book.journal.all())
        return lab.play(run).alerts.views()

    @routes.get("/runs/{run}/changes")
    def changes(run: str) -> tuple[FeedEntry, ...]:
        """Return the change log, newest first."""
        book = lab.book(run)
        return change_log(book.journal.shown(ended=not book.run.active))

    @routes.get("/runs/{run}/hints")
    def hints(run: str) -> tuple[HintView, ...]:
        """Return the hints shown; the last one without text is the price of the next."""
        book = lab.book(run)
        return HintDesk(book.journal.all()).views(book.run)

    @routes.get("/runs/{run}/toolkit")
    def toolkit(run: str) -> tuple[ActionView, ...]:
        """Return the actions that the scenario allows, with the form of each."""
        return lab.play(run).bench.forms


def _learner(routes: APIRouter, lab: Orchestrator) -> None:
    def view(run: Run) -> RunView:
        return run.view(lab.stage.clock())

    @routes.post("/runs/{run}/alerts/{alert}/acknowledge")
    def acknowledge(run: str, alert: str) -> AlertView:
        """Say that the learner has seen an alert."""
        return lab.play(run).acknowledge(alert)

    @routes.post("/runs/{run}/hints/next")
    def next_hint(run: str) -> HintView:
        """Buy the next hint."""
        return lab.play(run).next_hint()

    @routes.post("/runs/{run}/actions")
    def act(run: str, request: Annotated[ActionRequest, Body()]) -> ActionResult:
        """Do something as the operator. 422 names the parameter and what it may be."""
        return lab.play(run).act(request)

    @routes.post("/runs/{run}/notes")
    def note(run: str, request: NoteRequest) -> RunView:
        """Write down a hypothesis or an observation."""
        return view(lab.play(run).note(request.text))

    @routes.post("/runs/{run}/declare")
    def declare(run: str, request: DeclareRequest) -> RunView:
        """Say how bad it is, or that there is no incident."""
        entry = DeclareEntry(at=lab.stage.clock(), severity=request.severity)
        return view(lab.play(run).declare(entry))

    @routes.put("/runs/{run}/writeup")
    def write_up(run: str, account: WriteUp) -> RunView:
        """Hand in the account of the cause; the latest counts."""
        return view(lab.write_up(run, account))
