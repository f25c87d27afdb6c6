"""Jobs that nobody should have left: one that cannot be done, or more than can be done in time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.database import first, look, session, statement
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_APPLICATION = "backfill"
_NO_SUCH_ORDER: Mapping[str, Scalar] = {"order_id": 0}
_FORM = {
    "does": Field(choices=("poison", "backlog")),
    "kind": Field(),
    "count": Field("whole number", required=False, least=1, most=20_000),
    "priority": Field("whole number", required=False, least=1, most=9),
    "day": Field(required=False),
}
_URGENT, _BATCH, _MANY = 1, 9, 500


class QueueDriver:
    """Leaves jobs of a `kind` in the queue; `does` says which.

    `poison` is a job for an order that there is not, `backlog` are `count` with a `priority`. Gone
    once none of them waits any more: done, given up, or set aside.
    """

    id = "queue"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        params = injection.params
        poison = params["does"] == "poison"
        asked = {
            "kind": params["kind"],
            "count": params.get("count", 1 if poison else _MANY),
            "priority": params.get("priority", _URGENT if poison else _BATCH),
            "payload": json.dumps(_NO_SUCH_ORDER if poison else _payload(params)),
        }
        with session(engine, "lab", _APPLICATION) as connection:
            rows = connection.execute(statement("queue_jobs"), asked).fetchall()
        return replace(injection, before={"jobs": ",".join(str(row[0]) for row in rows)}), ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        with session(engine, "lab", _APPLICATION) as connection:
            connection.execute(statement("drop_jobs"), {"jobs": _jobs(injection)})

    def residual(self, engine: Engine, injection: Injection) -> bool:
        with look(engine) as connection:
            row = first(connection, statement("queued_jobs"), {"jobs": _jobs(injection)})
        return bool(row and row[0])


def _payload(params: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {"day": params["day"]} if "day" in params else {}


def _jobs(injection: Injection) -> list[int]:
    return [int(job) for job in str(injection.before["jobs"]).split(",") if job]
