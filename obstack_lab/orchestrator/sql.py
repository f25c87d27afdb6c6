"""Read-only SQL against the system's database, with a time limit and a row limit."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import psycopg

from obstack_lab.errors import EngineError, QueryError
from obstack_lab.orchestrator.views import SqlView
from obstack_lab.review.journal import Scalar

_CONNECT_SECONDS = 3
_STATEMENT_MS = 5000
_NAME = "obstack-sql"
_CANCELED = "57014"


def ask(dsn: str, query: str, limit: int) -> SqlView:
    """Return the rows of one statement; raise QueryError with the column where it is known.

    The transaction is read only and always rolled back; rows beyond the limit are not fetched.
    """
    began = time.monotonic()
    try:
        with psycopg.connect(
            dsn,
            connect_timeout=_CONNECT_SECONDS,
            application_name=_NAME,
            options=f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_MS}",
        ) as connection:
            rows, columns, truncated = _rows(connection, query, limit)
            connection.rollback()
    except psycopg.OperationalError as error:
        if error.sqlstate is None or error.sqlstate.startswith("08"):
            raise EngineError(
                "PostgreSQL does not answer. Look at `./lab status`.", component="postgres"
            ) from error
        raise _refused(error, query) from error
    except psycopg.Error as error:
        raise _refused(error, query) from error
    return SqlView(
        columns=columns,
        rows=rows,
        truncated=truncated,
        seconds=round(time.monotonic() - began, 4),
    )


def _rows(
    connection: psycopg.Connection[Any], query: str, limit: int
) -> tuple[tuple[tuple[Scalar | None, ...], ...], tuple[str, ...], bool]:
    found: list[tuple[Scalar | None, ...]] = []
    with connection.cursor() as cursor:
        statement = query.strip().removesuffix(";").encode()
        for row in cursor.stream(statement):
            if len(found) == limit:
                connection.cancel_safe(timeout=_CONNECT_SECONDS)
                return tuple(found), _columns(cursor), True
            found.append(tuple(map(_plain, row)))
        return tuple(found), _columns(cursor), False


def _columns(cursor: psycopg.Cursor[Any]) -> tuple[str, ...]:
    return tuple(column.name for column in cursor.description or ())


def _plain(value: object) -> Scalar | None:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return str(value)


def _refused(error: psycopg.Error, query: str) -> QueryError:
    message = error.diag.message_primary or str(error).strip()
    if error.sqlstate == _CANCELED:
        by_hand = "user request" in message
        message = (
            "the query was canceled while it ran, by `kill_query` or the like"
            if by_hand
            else f"the query took longer than {_STATEMENT_MS // 1000} s. Ask for less"
        )
    position = int(error.diag.statement_position or 0)
    before = query[: max(position - 1, 0)]
    return QueryError(
        f"PostgreSQL: {message}.",
        language="sql",
        query=query,
        line=before.count("\n") + 1 if position else 0,
        column=position - (before.rfind("\n") + 1) if position else 0,
    )
