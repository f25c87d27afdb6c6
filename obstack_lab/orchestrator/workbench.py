"""The learner's tools during a run: what the scenario allows, its forms, and what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError, LabError, UsageError
from obstack_lab.orchestrator.actions import registry
from obstack_lab.orchestrator.actions.database import Database
from obstack_lab.orchestrator.actions.interface import Effect, Place
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.orchestrator.service_settings import ServiceSettings
from obstack_lab.orchestrator.views import ActionRequest, ActionResult, ActionView
from obstack_lab.orchestrator.watch import Orders
from obstack_lab.review.journal import ActionEntry, ChangeEntry
from obstack_lab.scenario.model import Scalar, Scenario

LEARNER = "you"
Write = Callable[[ActionEntry | ChangeEntry], object]


class Workbench:
    """Carries out actions, journals each from before to after, and redraws the forms."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        engine: Engine,
        settings: ServiceSettings,
        delivery: Delivery,
        orders: Orders,
        clock: Callable[[], float],
        write: Write,
    ) -> None:
        self._toolkit = scenario.toolkit
        self._orders = orders
        self._clock = clock
        self._write = write
        self._place = Place(engine, settings, scenario.services, {}, Database(engine), delivery)
        self.forms: tuple[ActionView, ...] = ()

    def open(self) -> None:
        """Take the system as it is now for the run's beginning."""
        engine, services = self._place.engine, self._place.services
        first = {service: len(engine.releases(service)) - 1 for service in services}
        self._place = replace(self._place, first=first)
        self.redraw()

    def redraw(self) -> None:
        """Draw the forms anew: settings or releases have changed."""
        self.forms = registry.forms(self._place, self._toolkit)

    def act(self, request: ActionRequest) -> ActionResult:
        """Do something; a component that fails is a result, a bad request is raised."""
        began = self._clock()
        asked = ActionEntry(
            at=began, action=request.action, params=_brief(request.params), status="started"
        )
        try:
            action = registry.chosen(self._toolkit, request.action)
            at, params = registry.prepare(self._place, action, request.params)
            self._write(asked)
            with self._orders.on(at):
                effect = action.do(self._place, at, params)
        except EngineError as error:
            return _result(self._failed(asked, error))
        except UsageError as error:
            self._failed(asked, error)
            raise
        done = self._close(
            asked, "done", result=effect.result, before=effect.before, after=effect.after
        )
        if effect.visible:
            self._write(_change(effect, done.at))
        self.redraw()
        return _result(done)

    def _failed(self, asked: ActionEntry, error: LabError) -> ActionEntry:
        return self._close(asked, "failed", result=str(error))

    def _close(self, asked: ActionEntry, status: str, **told: Any) -> ActionEntry:
        now = self._clock()
        entry = asked.model_copy(
            update={"at": now, "status": status, "seconds": now - asked.at, **told}
        )
        self._write(entry)
        return entry


def _brief(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    """Return parameters as the journal keeps them: of a whole module, its length."""
    return {name: _length(value) for name, value in params.items()}


def _length(value: Scalar) -> Scalar:
    many = isinstance(value, str) and "\n" in value
    return f"{len(str(value).splitlines())} lines" if many else value


def _change(effect: Effect, at: float) -> ChangeEntry:
    return ChangeEntry(
        at=at,
        who=LEARNER,
        component=effect.component,
        what=effect.what,
        before=effect.before,
        after=effect.after,
    )


def _result(entry: ActionEntry) -> ActionResult:
    return ActionResult(
        ok=entry.status == "done",
        action=entry.action,
        result=entry.result,
        before=entry.before,
        after=entry.after,
        seconds=entry.seconds,
    )
