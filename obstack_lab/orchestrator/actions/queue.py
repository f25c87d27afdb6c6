"""The worker's queue: its dead letters, and its batch jobs."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.set_config import change
from obstack_lab.orchestrator.actions.target import QUEUE
from obstack_lab.orchestrator.views import ParameterView

KINDS = ("order-confirmation", "payment-capture", "report")
_BATCH = "batch_jobs"
_KIND = ParameterView(
    name="kind",
    kind="choice",
    choices=KINDS,
    description="of the jobs; else every kind",
    optional=True,
)


class ReplayDeadLetters(Action):
    """Jobs that failed for good are tried once more."""

    name = "replay_dead_letters"
    title = "Replay dead letters"
    description = "Puts jobs that failed for good back into the queue, as if new."
    effect = "They are tried again with all their attempts; repair first what made them fail."
    target = QUEUE
    parameters = (_KIND,)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        return _move(place, at, params, "replay_dead_letters", "back in the queue")


class DropDeadLetters(Action):
    """Jobs that failed for good are given up."""

    name = "drop_dead_letters"
    title = "Drop dead letters"
    description = "Deletes jobs that failed for good."
    effect = "What they were to do will never be done."
    destructive = "deletes jobs: what they were to do will never be done"
    target = QUEUE
    parameters = (_KIND,)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        return _move(place, at, params, "drop_dead_letters", "deleted")


class PauseJobs(Action):
    """Batch jobs wait."""

    name = "pause_jobs"
    title = "Pause batch jobs"
    description = "Leaves batch jobs (reports) in the queue, so that the others have the worker."
    effect = f"The worker's setting `{_BATCH}` becomes `off`; what is being done is ended well."
    target = QUEUE

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        return change(place, at, {_BATCH: "off"})


class ResumeJobs(Action):
    """Batch jobs are done again."""

    name = "resume_jobs"
    title = "Resume batch jobs"
    description = "Lets the worker do batch jobs (reports) again."
    effect = f"The worker's setting `{_BATCH}` becomes `on`."
    target = QUEUE

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        return change(place, at, {_BATCH: "on"})


def _move(place: Place, at: str, params: Params, statement: str, whereto: str) -> Effect:
    kind = {"kind": params.get("kind")}
    before = _letters(place, kind)
    moved = place.database.run(statement, kind)[0]["moved"]
    told = f"{moved} dead letters {whereto}"
    return Effect(at, "queue", f"{at}: {told}", before, _letters(place, kind))


def _letters(place: Place, kind: Mapping[str, object]) -> str:
    return f"{place.database.run('count_dead_letters', kind)[0]['letters']} dead letters"
