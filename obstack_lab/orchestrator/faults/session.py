"""Database sessions that get in the way: held locks, forgotten transactions, too many of them."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Protocol

from psycopg import sql

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.database import connect, refusals, statement
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.holding import Batch, Crowd, Holding, Transaction
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_KINDS = ("table-lock", "row-locks", "leak", "exhaust", "batch")
_FORM = {
    "does": Field(choices=_KINDS),
    "application": Field(),
    "role": Field(choices=("shop", "lab"), required=False),
    "table": Field(required=False),
    "rows": Field("whole number", required=False, least=1, most=100_000),
    "count": Field("whole number", required=False, least=1, most=200),
    "every": Field("number", required=False, least=0.05, most=600),
    "cuts": Field(required=False),
}
_NEEDS = {"table-lock": "table", "row-locks": "table", "leak": "count", "batch": "every"}
_ROWS = 100
_MOST_SESSIONS = 200
_QUICKLY = 0.02


class SessionDriver:
    """Keeps sessions of `application` open in this process; `does` says what they do.

    `table-lock` holds ACCESS EXCLUSIVE on `table`; `row-locks` holds `rows` of it in a transaction
    that stays idle; `leak` opens `count` sessions, one every `every` seconds; `exhaust` takes every
    session that is to be had, once it has cut off those of the application `cuts`; `batch` runs a
    heavy statement every `every` seconds. Gone once PostgreSQL has ended the sessions; whoever
    ended them need not come back for more.
    """

    id = "session"

    def __init__(self) -> None:
        self._held: dict[str, Holding] = {}
        self._lock = threading.Lock()

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        found = problems(_FORM, params)
        needed = _NEEDS.get(str(params.get("does")))
        if needed and needed not in params:
            found = (*found, f"needs '{needed}' for {params['does']}")
        return found

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        with self._lock:
            if injection.canary not in self._held:
                self._held[injection.canary] = _BEGIN[str(injection.params["does"])](
                    engine, injection.params
                )
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:  # noqa: ARG002 - the interface
        with self._lock:
            holding = self._held.pop(injection.canary, None)
        if holding is not None:
            holding.end()

    def residual(self, engine: Engine, injection: Injection) -> bool:  # noqa: ARG002 - the interface
        holding = self._held.get(injection.canary)
        return holding is not None and holding.lives()


class _Begin(Protocol):
    def __call__(self, engine: Engine, params: Mapping[str, Scalar]) -> Holding:
        """Open the sessions and return them."""


def _table_lock(engine: Engine, params: Mapping[str, Scalar]) -> Holding:
    return _transaction(
        engine, params, statement("lock_table", table=sql.Identifier(str(params["table"])))
    )


def _row_locks(engine: Engine, params: Mapping[str, Scalar]) -> Holding:
    locked = statement(
        "lock_rows",
        table=sql.Identifier(str(params["table"])),
        rows=sql.Literal(int(params.get("rows", _ROWS))),
    )
    return _transaction(engine, params, locked)


def _transaction(engine: Engine, params: Mapping[str, Scalar], query: sql.Composed) -> Transaction:
    connection = connect(engine, _role(params), str(params["application"]))
    with refusals():
        try:
            connection.autocommit = False
            connection.execute(query)
        except BaseException:
            connection.close()
            raise
    return Transaction(connection)


def _leak(engine: Engine, params: Mapping[str, Scalar]) -> Holding:
    return Crowd(
        lambda: connect(engine, _role(params), str(params["application"])),
        most=int(params["count"]),
        every=float(params.get("every", _QUICKLY)),
    )


def _exhaust(engine: Engine, params: Mapping[str, Scalar]) -> Holding:
    crowd = Crowd(
        lambda: connect(engine, _role(params), str(params["application"])),
        most=int(params.get("count", _MOST_SESSIONS)),
        every=_QUICKLY,
    )
    if "cuts" in params:
        crowd.fill()
        applications = str(params["cuts"]).split(",")
        with (
            refusals(),
            connect(engine, "lab", str(params["application"])) as connection,
        ):
            connection.execute(statement("end_sessions"), {"applications": applications})
    return crowd


def _batch(engine: Engine, params: Mapping[str, Scalar]) -> Holding:
    return Batch(
        connect(engine, _role(params), str(params["application"])),
        statement("batch"),
        every=float(params["every"]),
    )


def _role(params: Mapping[str, Scalar]) -> str:
    return str(params.get("role", "shop"))


_BEGIN: Mapping[str, _Begin] = {
    "table-lock": _table_lock,
    "row-locks": _row_locks,
    "leak": _leak,
    "exhaust": _exhaust,
    "batch": _batch,
}
