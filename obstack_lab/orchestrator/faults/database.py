"""How fault drivers reach PostgreSQL: as a role of the system, under a name a team would use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from importlib.resources import files

import psycopg
from psycopg import sql

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError, LabError

_CONNECT_SECONDS = 3
_LOOKING = "obstack-sql"
"""The name of the lab's other questions, too."""
_OPTIONS = "-c statement_timeout=20s -c lock_timeout=10s"
Connection = psycopg.Connection[tuple[object, ...]]


def statement(name: str, /, **parts: sql.Composable) -> sql.Composed:
    """Return a statement of `sql/NAME.sql` with its identifiers and literals filled in."""
    text = files(__package__).joinpath("sql", f"{name}.sql").read_text("utf-8")
    return sql.SQL(text).format(**parts)


def connect(engine: Engine, role: str, application: str) -> Connection:
    """Return a connection in autocommit; raise EngineError where there is none to be had."""
    try:
        return psycopg.connect(
            engine.dsn(role),
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            application_name=application,
            options=_OPTIONS,
        )
    except psycopg.Error as error:
        raise _refused(error) from error


@contextmanager
def session(engine: Engine, role: str, application: str) -> Iterator[Connection]:
    """Connect for a moment; what PostgreSQL refuses is an EngineError."""
    connection = connect(engine, role, application)
    try:
        with connection:
            yield connection
    except psycopg.Error as error:
        raise _refused(error) from error


def look(engine: Engine) -> AbstractContextManager[Connection]:
    """Connect to see whether a fault is there, which is done each second: as the lab itself."""
    return session(engine, "lab", _LOOKING)


@contextmanager
def refusals() -> Iterator[None]:
    """Turn what PostgreSQL refuses into an EngineError."""
    try:
        yield
    except psycopg.Error as error:
        raise _refused(error) from error


def lives(connection: Connection) -> bool:
    """Return whether the server still keeps a connection that nobody uses; asks it nothing.

    A session that was ended by another one has the server's last words waiting on its socket.
    """
    if connection.closed:
        return False
    try:
        connection.pgconn.consume_input()
    except psycopg.OperationalError:
        return False
    return connection.pgconn.status == psycopg.pq.ConnStatus.OK


def first(
    connection: Connection, query: sql.Composed, parameters: Mapping[str, object] | None = None
) -> tuple[object, ...] | None:
    """Return the first row of an answer, None where it is empty."""
    row: tuple[object, ...] | None = connection.execute(query, parameters).fetchone()
    return row


def _refused(error: psycopg.Error) -> LabError:
    said = (error.diag.message_primary or str(error)).strip().splitlines()
    return EngineError(
        f"PostgreSQL: {said[0] if said else 'no answer'}. Look at `./lab status`.",
        component="postgres",
    )
