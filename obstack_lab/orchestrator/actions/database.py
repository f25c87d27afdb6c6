"""The operator's hand in the database: one statement at a time, each with a deadline."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

import psycopg
from psycopg import sql

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError

Role = Literal["lab", "shop"]
"""`lab` is the superuser, `shop` owns the data."""
_CONNECT_SECONDS = 3
_STATEMENT_MS = 20_000
_LOCK_MS = 5_000
_NAME = "operator"
_CANCELED, _LOCKED = "57014", "55P03"


class Database:
    """Runs statements of `actions/sql`; a new session each, so that nothing stays open."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def run(
        self,
        statement: str,
        params: Mapping[str, object] | None = None,
        *,
        names: Mapping[str, str] | None = None,
        literals: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        """Run the statement of that file as the superuser and return its rows.

        `names` and `literals` are quoted into it. Raises EngineError where the database does not
        answer or refuses.
        """
        parts: dict[str, sql.Composable] = {k: sql.Identifier(v) for k, v in (names or {}).items()}
        parts |= {key: sql.Literal(value) for key, value in (literals or {}).items()}
        query = sql.SQL(_text(statement)).format(**parts)
        return self._execute(query, params, "lab")

    def run_schema(self, text: str) -> None:
        """Run a statement of the data set's schema as the owner of the data."""
        self._execute(sql.SQL(text), None, "shop")

    def _execute(
        self, query: sql.SQL | sql.Composed, params: Mapping[str, object] | None, role: Role
    ) -> list[dict[str, Any]]:
        try:
            with (
                psycopg.connect(
                    self._engine.dsn(role),
                    autocommit=True,
                    connect_timeout=_CONNECT_SECONDS,
                    application_name=_NAME,
                    options=f"-c statement_timeout={_STATEMENT_MS} -c lock_timeout={_LOCK_MS}",
                ) as connection,
                connection.cursor() as cursor,
            ):
                cursor.execute(query, params)
                if cursor.description is None:
                    return []
                columns = [column.name for column in cursor.description]
                return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]
        except psycopg.Error as error:
            raise EngineError(_why(error), component="postgres") from error


def _why(error: psycopg.Error) -> str:
    if error.sqlstate is None or error.sqlstate.startswith("08"):
        return f"PostgreSQL does not let the operator in: {_first_line(error)}"
    if error.sqlstate == _CANCELED:
        return (
            f"PostgreSQL took longer than {_STATEMENT_MS // 1000} s. Look for what it waits for in "
            "pg_stat_activity."
        )
    if error.sqlstate == _LOCKED:
        return (
            f"Another session holds a lock on it for more than {_LOCK_MS // 1000} s. Look for it "
            "in pg_locks."
        )
    return f"PostgreSQL: {_first_line(error)}."


def _first_line(error: psycopg.Error) -> str:
    said = error.diag.message_primary or str(error)
    return said.strip().splitlines()[0] if said.strip() else type(error).__name__


@cache
def _text(name: str) -> str:
    source = files("obstack_lab.orchestrator.actions") / "sql" / f"{name}.sql"
    return source.read_text(encoding="utf-8")
