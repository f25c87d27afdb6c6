"""Finds actions by name, draws their forms, and carries them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from obstack_lab.errors import ActionError, LabError
from obstack_lab.orchestrator.actions.interface import Action, Params, Place, target
from obstack_lab.orchestrator.actions.process import Restart, Scale
from obstack_lab.orchestrator.actions.release import Deploy, Rollback
from obstack_lab.orchestrator.actions.set_config import ResetConfig, SetConfig
from obstack_lab.orchestrator.service_settings import check
from obstack_lab.orchestrator.views import ActionView

_ALL: tuple[Action, ...] = (
    SetConfig(),
    ResetConfig(),
    Rollback(),
    Deploy(),
    Restart(),
    Scale(),
)
ACTIONS: Mapping[str, Action] = {action.name: action for action in _ALL}


def forms(place: Place, toolkit: Sequence[str]) -> tuple[ActionView, ...]:
    """Return the form of each action of a toolkit for each service, grouped by service."""
    return tuple(
        _form(ACTIONS[name], place, service)
        for service in place.services
        for name in toolkit
        if name in ACTIONS
    )


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
    """Return the service and the other parameters, checked; raise ActionError.

    Where a service does not say what it takes (it is down), it refuses for itself.
    """
    service = target(place, action.name, params)
    rest = {name: value for name, value in params.items() if name != "service"}
    form = action.form(place, service)
    if form or not isinstance(action, SetConfig):
        check(action.name, form, rest)
    return service, rest


def _form(action: Action, place: Place, service: str) -> ActionView:
    try:
        parameters = action.form(place, service)
    except LabError:
        parameters = ()
    return ActionView(
        action=action.name,
        service=service,
        title=f"{action.title}: {service}",
        description=action.description,
        destructive=action.destructive.format(service=service),
        parameters=parameters,
    )
