"""Restart a service, or run more or fewer instances of it."""

from __future__ import annotations

from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.interface import Effect, Params, Place
from obstack_lab.orchestrator.views import ParameterView

_MOST = 4


class Restart:
    """The same release, a new process."""

    name = "restart"
    title = "Restart"
    description = "Stops and starts a service at the release and settings it has."
    destructive = "restarts {service}: its requests in flight may fail"

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:  # noqa: ARG002 - the interface
        return ()

    def do(self, place: Place, service: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        place.engine.restart(service)
        return Effect(service, "restart", f"{service}: restarted and healthy")


class Scale:
    """More or fewer processes of the same release."""

    name = "scale"
    title = "Scale"
    description = "Runs this many instances of a service."
    destructive = "changes how many instances of {service} run"

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:
        running = next((c for c in place.engine.components() if c.name == service), None)
        now = len(running.children) or 1 if running else 1
        return (
            ParameterView(
                name="instances",
                kind="integer",
                minimum=0,
                maximum=_MOST,
                default=now,
                description="how many processes shall run",
            ),
        )

    def do(self, place: Place, service: str, params: Params) -> Effect:
        if "instances" not in params:
            raise ActionError("Say how many instances.", action=self.name, parameter="instances")
        wanted = int(params["instances"])
        before = place.engine.scale(service, wanted)
        result = f"{service}: {before} → {wanted} instances"
        return Effect(service, "scale", result, str(before), str(wanted))
