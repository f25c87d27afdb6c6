"""A push of PostgreSQL's own configuration, in effect without a restart."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from psycopg import sql

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults.database import Connection, first, look, session, statement
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "config-bot"
_APPLICATION = "psql"


class PostgresDriver:
    """Sets PostgreSQL's settings, each a parameter; gone once none has the pushed value."""

    id = "postgres"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return () if params else ("needs a setting to change",)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        wanted = _wanted(injection)
        before: dict[str, Scalar] = {}
        with session(engine, "lab", _APPLICATION) as connection:
            for name, value in wanted.items():
                if (old := _set_by_hand(connection, name)) is not None:
                    before[name] = old
                _set(connection, name, value)
            connection.execute(statement("reload"))
        change = ChangeEntry(
            at=now,
            who=_WHO,
            component="postgres",
            what="config",
            after=", ".join(f"{name}={value}" for name, value in wanted.items()),
        )
        return replace(injection, before=before), (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        with session(engine, "lab", _APPLICATION) as connection:
            for name in _pushed(connection, injection):
                old = injection.before.get(name)
                if old is None:
                    connection.execute(statement("reset_setting", name=sql.Identifier(name)))
                else:
                    _set(connection, name, str(old))
            connection.execute(statement("reload"))

    def residual(self, engine: Engine, injection: Injection) -> bool:
        with look(engine) as connection:
            return bool(_pushed(connection, injection))


def _wanted(injection: Injection) -> dict[str, str]:
    return {name: str(value) for name, value in injection.params.items()}


def _set(connection: Connection, name: str, value: str) -> None:
    connection.execute(
        statement("set_setting", name=sql.Identifier(name), value=sql.Literal(value))
    )


def _set_by_hand(connection: Connection, name: str) -> str | None:
    row = first(connection, statement("setting"), {"name": name})
    return None if row is None else str(row[0])


def _pushed(connection: Connection, injection: Injection) -> list[str]:
    return [
        name
        for name, value in _wanted(injection).items()
        if injection.before.get(name) != value and _set_by_hand(connection, name) == value
    ]
