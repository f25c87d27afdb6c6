"""Restart a service, run more or fewer instances of it, end a neighbour."""

from __future__ import annotations

from obstack_lab.orchestrator.actions.instance import pids
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import HOST
from obstack_lab.orchestrator.views import ParameterView

_MOST = 10


class Restart(Action):
    """The same release, a new process."""

    name = "restart"
    title = "Restart"
    description = "Stops and starts a service at the release and settings it has."
    effect = "New processes, all at once; requests in flight may fail."
    destructive = "restarts {service}: its requests in flight may fail"

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        before = pids(place, at)
        place.engine.restart(at)
        return Effect(at, "restart", f"{at}: restarted and healthy", before, pids(place, at))


class Scale(Action):
    """More or fewer processes of the same release."""

    name = "scale"
    title = "Scale"
    description = "Runs this many instances of a service."
    effect = "The number of processes; the edge spreads requests among them."
    destructive = "changes how many instances of {service} run"
    parameters = (
        ParameterView(
            name="instances",
            kind="integer",
            minimum=0,
            maximum=_MOST,
            description="how many processes shall run",
        ),
    )

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:
        running = next((c for c in place.engine.components() if c.name == at), None)
        now = len(running.children) or 1 if running else 1
        return tuple(each.model_copy(update={"default": now}) for each in self.parameters)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        wanted = int(params["instances"])
        before = place.engine.scale(at, wanted)
        result = f"{at}: {before} → {wanted} instances"
        return Effect(at, "scale", result, str(before), str(wanted))


class EndJob(Action):
    """No more of a program that runs beside the services."""

    name = "end_job"
    title = "End a job"
    description = "Ends a program that runs on the same machine beside the services."
    effect = "The process is gone, and what it took of processor, memory and files is free."
    destructive = "ends a program: what it was at is lost"
    target = HOST
    parameters = (
        ParameterView(name="job", kind="choice", description="its name among the components"),
    )

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:  # noqa: ARG002 - there is one host
        running = tuple(c.name for c in place.engine.components() if c.kind == "job")
        return tuple(each.model_copy(update={"choices": running}) for each in self.parameters)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        job = str(params["job"])
        found = next(c for c in place.engine.components() if c.name == job)
        place.engine.end_job(job)
        before = f"{job} pid {found.pid}"
        return Effect(at, "process", f"{at}: {before} ended", before, "ended")
