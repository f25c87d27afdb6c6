"""Finds actions by name, draws their forms, and checks what is asked of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obstack_lab.errors import ActionError, LabError
from obstack_lab.orchestrator.actions.cache import PurgeCache
from obstack_lab.orchestrator.actions.certificate import RotateCertificate
from obstack_lab.orchestrator.actions.code import Release
from obstack_lab.orchestrator.actions.deployment import RestoreConfiguration, RotateCredential
from obstack_lab.orchestrator.actions.index import CreateIndex, DropIndex
from obstack_lab.orchestrator.actions.instance import Drain, RollingRestart, ShiftCanary, Undrain
from obstack_lab.orchestrator.actions.interface import Action, Params, Place
from obstack_lab.orchestrator.actions.process import EndJob, Restart, Scale
from obstack_lab.orchestrator.actions.queue import (
    DropDeadLetters,
    PauseJobs,
    ReplayDeadLetters,
    ResumeJobs,
)
from obstack_lab.orchestrator.actions.release import Deploy, Rollback
from obstack_lab.orchestrator.actions.route import (
    CloseBreaker,
    OpenBreaker,
    RateLimitRoute,
    ShedRoute,
)
from obstack_lab.orchestrator.actions.sessions import KillQuery, TerminateSessions
from obstack_lab.orchestrator.actions.set_config import ResetConfig, SetConfig
from obstack_lab.orchestrator.actions.statistics import AnalyzeTable
from obstack_lab.orchestrator.service_settings import allowed, check
from obstack_lab.orchestrator.views import ActionView, ParameterView

_ALL: tuple[Action, ...] = (
    SetConfig(),
    ResetConfig(),
    Rollback(),
    Deploy(),
    Release(),
    Restart(),
    RollingRestart(),
    Scale(),
    Drain(),
    Undrain(),
    ShiftCanary(),
    RestoreConfiguration(),
    RotateCredential(),
    RotateCertificate(),
    KillQuery(),
    TerminateSessions(),
    CreateIndex(),
    DropIndex(),
    AnalyzeTable(),
    ShedRoute(),
    RateLimitRoute(),
    OpenBreaker(),
    CloseBreaker(),
    PurgeCache(),
    ReplayDeadLetters(),
    DropDeadLetters(),
    PauseJobs(),
    ResumeJobs(),
    EndJob(),
)
ACTIONS: Mapping[str, Action] = {action.name: action for action in _ALL}


def forms(place: Place, toolkit: Sequence[str]) -> tuple[ActionView, ...]:
    """Return the form of each action of a toolkit for each of its targets, grouped by target."""
    found = [
        (at, action)
        for action in (ACTIONS[name] for name in toolkit if name in ACTIONS)
        for at in action.target.among(place.services)
    ]
    order = {name: number for number, name in enumerate(place.services)}
    found.sort(key=lambda each: order.get(each[0], len(order)))
    return tuple(_form(action, place, at) for at, action in found)


def chosen(toolkit: Sequence[str], name: str) -> Action:
    """Return an action of the toolkit; raise ActionError where the scenario has no such one."""
    if name not in toolkit or name not in ACTIONS:
        raise ActionError(
            f"'{name}' is not in this scenario's toolkit. It has: {', '.join(toolkit)}.",
            action=name,
            parameter="action",
        )
    return ACTIONS[name]


def prepare(place: Place, action: Action, params: Params) -> tuple[str, Params]:
    """Return the target and the other parameters, checked; raise ActionError.

    Where a service does not say what it takes (it is down), it refuses for itself.
    """
    at = _target(place, action, params)
    rest = {name: value for name, value in params.items() if name != "service"}
    form = action.form(place, at)
    if form or not action.free:
        check(action.name, form, rest)
        _need_all(action.name, form, rest)
    return at, rest


def _target(place: Place, action: Action, params: Params) -> str:
    """Return what a request names as `service`; it may be left out where there is only one."""
    possible = action.target.among(place.services)
    named = params.get("service", action.target.alone)
    if named in possible:
        return str(named)
    if not possible:
        lacking = " or ".join(action.target.components)
        message = f"it needs {lacking}, which does not run here"
    else:
        known = f"Services: {', '.join(possible)}"
        which = f"'{named}' is not a service here" if named else "say which service"
        message = f"{which}. {known}"
    raise ActionError(f"{action.name}: {message}.", action=action.name, parameter="service")


def _need_all(action: str, form: Sequence[ParameterView], params: Params) -> None:
    for parameter in form:
        if not parameter.optional and parameter.name not in params:
            raise ActionError(
                f"{action} needs {parameter.name}: {allowed(parameter)}.",
                action=action,
                parameter=parameter.name,
            )


def _form(action: Action, place: Place, at: str) -> ActionView:
    try:
        parameters = action.form(place, at)
    except LabError:
        parameters = ()
    return ActionView(
        action=action.name,
        service=at,
        title=f"{action.title}: {at}",
        description=action.description,
        destructive=action.destructive.format(service=at),
        parameters=parameters,
    )
