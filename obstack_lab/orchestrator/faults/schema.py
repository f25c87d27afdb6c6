"""Changes to tables and rows that somebody made by hand: an index, a grant, a column, a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from psycopg import sql

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.faults.database import Connection, first, look, session, statement
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_APPLICATION = "psql"
_OVERFLOW = 2_147_483_647
_FORM = {
    "does": Field(choices=("drop-index", "revoke", "rename-column", "bad-row")),
    "index": Field(required=False),
    "table": Field(required=False),
    "role": Field(required=False),
    "privilege": Field(choices=("SELECT", "INSERT", "UPDATE", "DELETE"), required=False),
    "column": Field(required=False),
    "to": Field(required=False),
}
_NEEDS: Mapping[str, tuple[str, ...]] = {
    "drop-index": ("index",),
    "revoke": ("table", "role", "privilege"),
    "rename-column": ("table", "column", "to"),
    "bad-row": (),
}
Before = Mapping[str, Scalar]


class SchemaDriver:
    """Changes what `does` says; gone once somebody has mended it, in whatever way.

    `drop-index` (`index`, a constraint's, too), `revoke` (`privilege` on `table` from `role`),
    `rename-column` (`column` of `table` to `to`), `bad-row` (a quantity of yesterday that no sum
    can hold).
    """

    id = "schema"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        found = problems(_FORM, params)
        needed = _NEEDS.get(str(params.get("does")), ())
        missing = [f"needs '{name}' for {params['does']}" for name in needed if name not in params]
        return (*found, *missing)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        change = _change(injection)
        with session(engine, "lab", _APPLICATION) as connection:
            before = change.make(connection)
        return replace(injection, before=before), change.told(now)

    def clear(self, engine: Engine, injection: Injection) -> None:
        with session(engine, "lab", _APPLICATION) as connection:
            _change(injection).take_back(connection, injection.before)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        with look(engine) as connection:
            return _change(injection).there(connection, injection.before)


class _Change(Protocol):
    def __init__(self, params: Mapping[str, Scalar]) -> None: ...

    def make(self, connection: Connection) -> Before:
        """Change it; return what is needed to take it back."""

    def take_back(self, connection: Connection, before: Before) -> None:
        """Restore what was there, unless somebody has done so."""

    def there(self, connection: Connection, before: Before) -> bool:
        """Return whether it still hurts."""

    def told(self, now: float) -> tuple[ChangeEntry, ...]:
        """Return what the change log says of it."""


class _DropIndex:
    def __init__(self, params: Mapping[str, Scalar]) -> None:
        self._name = str(params["index"])

    def make(self, connection: Connection) -> Before:
        found = first(connection, statement("index_definition"), {"name": self._name})
        if found is None:
            raise EngineError(f"There is no index '{self._name}'.", component="postgres")
        definition, table, column, drop = found
        connection.execute(str(drop).encode())
        return {"definition": str(definition), "table": str(table), "column": int(str(column))}

    def take_back(self, connection: Connection, before: Before) -> None:
        exists = statement("index_exists")
        if before and not _yes(connection, exists, {"name": self._name}):
            connection.execute(str(before["definition"]).encode())

    def there(self, connection: Connection, before: Before) -> bool:
        asked = {"table": before["table"], "column": before["column"]}
        return not _yes(connection, statement("index_on"), asked)

    def told(self, now: float) -> tuple[ChangeEntry, ...]:  # noqa: ARG002 - the protocol
        return ()


class _Revoke:
    def __init__(self, params: Mapping[str, Scalar]) -> None:
        self._asked = {name: str(params[name]) for name in _NEEDS["revoke"]}
        self._parts: dict[str, sql.Composable] = {
            "table": sql.Identifier(self._asked["table"]),
            "role": sql.Identifier(self._asked["role"]),
            "privilege": _KEYWORDS[self._asked["privilege"]],
        }

    def make(self, connection: Connection) -> Before:
        had = _yes(connection, statement("has_privilege"), self._asked)
        connection.execute(statement("revoke", **self._parts))
        return {"had": had}

    def take_back(self, connection: Connection, before: Before) -> None:
        if before.get("had") and self.there(connection, before):
            connection.execute(statement("grant", **self._parts))

    def there(self, connection: Connection, before: Before) -> bool:  # noqa: ARG002 - the protocol
        return not _yes(connection, statement("has_privilege"), self._asked)

    def told(self, now: float) -> tuple[ChangeEntry, ...]:  # noqa: ARG002 - the protocol
        return ()


class _RenameColumn:
    def __init__(self, params: Mapping[str, Scalar]) -> None:
        self._table, self._column, self._to = (
            str(params[name]) for name in _NEEDS["rename-column"]
        )

    def make(self, connection: Connection) -> Before:
        if self._has(connection, self._column):
            self._rename(connection, self._column, self._to)
        return {}

    def take_back(self, connection: Connection, before: Before) -> None:
        if self.there(connection, before):
            self._rename(connection, self._to, self._column)

    def there(self, connection: Connection, before: Before) -> bool:  # noqa: ARG002 - the protocol
        return not self._has(connection, self._column) and self._has(connection, self._to)

    def told(self, now: float) -> tuple[ChangeEntry, ...]:
        return (
            ChangeEntry(
                at=now,
                who="migration-bot",
                component="postgres",
                what="deploy",
                before=f"{self._table}.{self._column}",
                after=f"{self._table}.{self._to}",
            ),
        )

    def _rename(self, connection: Connection, before: str, after: str) -> None:
        renamed = statement(
            "rename",
            table=sql.Identifier(self._table),
            before=sql.Identifier(before),
            after=sql.Identifier(after),
        )
        connection.execute(renamed)

    def _has(self, connection: Connection, column: str) -> bool:
        asked = {"table": self._table, "column": column}
        return _yes(connection, statement("has_column"), asked)


class _BadRow:
    def __init__(self, params: Mapping[str, Scalar]) -> None:
        """Take no parameter."""

    def make(self, connection: Connection) -> Before:
        found = first(connection, statement("pick_row"))
        if found is None:
            raise EngineError(
                "There is no order of yesterday. Load the data set anew: `./lab down --wipe`.",
                component="postgres",
            )
        order_id, line, quantity = (int(str(value)) for value in found)
        row = {"order_id": order_id, "line": line, "quantity": quantity}
        self._set(connection, row, found=quantity, quantity=_OVERFLOW)
        return row

    def take_back(self, connection: Connection, before: Before) -> None:
        self._set(connection, before, found=_OVERFLOW, quantity=before["quantity"])

    def there(self, connection: Connection, before: Before) -> bool:
        found = first(connection, statement("quantity"), before)
        return found is not None and found[0] == _OVERFLOW

    def told(self, now: float) -> tuple[ChangeEntry, ...]:  # noqa: ARG002 - the protocol
        return ()

    def _set(self, connection: Connection, row: Before, *, found: Scalar, quantity: Scalar) -> None:
        connection.execute(statement("set_quantity"), {**row, "found": found, "quantity": quantity})


def _change(injection: Injection) -> _Change:
    return _CHANGES[str(injection.params["does"])](injection.params)


def _yes(connection: Connection, query: sql.Composed, asked: Mapping[str, object]) -> bool:
    found = first(connection, query, asked)
    return bool(found and found[0])


_CHANGES: Mapping[str, type[_Change]] = {
    "drop-index": _DropIndex,
    "revoke": _Revoke,
    "rename-column": _RenameColumn,
    "bad-row": _BadRow,
}
_KEYWORDS: Mapping[str, sql.SQL] = {
    "SELECT": sql.SQL("SELECT"),
    "INSERT": sql.SQL("INSERT"),
    "UPDATE": sql.SQL("UPDATE"),
    "DELETE": sql.SQL("DELETE"),
}
