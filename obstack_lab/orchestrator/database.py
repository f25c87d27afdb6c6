"""SQLite or PostgreSQL by one door: short transactions, and SQL that both speak.

The drivers themselves (PEP 249): an object mapper would take 17 MB of the orchestrator's memory.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, TypeAlias

import psycopg

from obstack_lab.errors import UsageError

_NAME = "obstack-records"
_BUSY_SECONDS = 10
_MAKING_TABLES = 7_263_114
"""The lock under which one of several labs makes the tables of a database they share."""
_PARAMETER = re.compile(r":(\w+)")

Cursor: TypeAlias = Any
"""What PEP 249 calls so: `fetchall()`, `rowcount`, `description`."""
Execute: TypeAlias = Callable[..., Cursor]
"""Run one statement, its parameters written as `:name` and given as a mapping."""

FAILURES = (sqlite3.Error, psycopg.Error)
PASSING_FAILURES = (sqlite3.OperationalError, psycopg.OperationalError)
"""What may go by itself: a full disk, a lock that is held too long, a server that is away."""


class Database(ABC):
    """One connection for all threads, one transaction at a time. Raises what the driver raises."""

    alone: ClassVar[str]
    """As the first statement of a transaction it keeps other labs from making tables meanwhile."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Execute]:
        """Run the block's statements; commit them at its end, roll back when it raises."""

    @abstractmethod
    def close(self) -> None:
        """Let go of it."""


class SQLite(Database):
    """A file, made where there is none; its writes do not make its readers wait."""

    alone = "BEGIN IMMEDIATE"

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
            self._connection.execute(f"PRAGMA {pragma}")

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        with self._lock, self._connection:
            yield self._connection.execute

    def close(self) -> None:
        self._connection.close()


class PostgreSQL(Database):
    """A server, asked again after it was away."""

    alone = f"SELECT pg_advisory_xact_lock({_MAKING_TABLES})"

    def __init__(self, url: str) -> None:
        self._url = url
        self._lock = threading.Lock()
        self._connection: psycopg.Connection[Any] | None = None

    @contextmanager
    def transaction(self) -> Iterator[Execute]:
        with self._lock:
            connection = self._answering()
            with connection.transaction():

                def execute(sql: str, parameters: Mapping[str, Any] | None = None) -> Cursor:
                    return connection.execute(_by_psycopg(sql), parameters)

                yield execute

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()

    def _answering(self) -> psycopg.Connection[Any]:
        if self._connection is not None:
            with suppress(psycopg.OperationalError):
                self._connection.execute("SELECT 1")
                return self._connection
            self._connection.close()
        self._connection = psycopg.connect(
            self._url,
            autocommit=True,
            connect_timeout=_BUSY_SECONDS,
            application_name=_NAME,
        )
        return self._connection


def connect(url: str) -> Database:
    """Return the database of a URL: `sqlite:///FILE` or `postgresql://USER@HOST/DATABASE`."""
    kind, _, rest = url.partition("://")
    if kind == "sqlite" and rest.startswith("/"):
        return SQLite(Path(rest[1:]))
    if kind.partition("+")[0] in {"postgresql", "postgres"}:
        return PostgreSQL(f"postgresql://{rest}")
    raise UsageError(
        "The lab's records are kept at sqlite:///FILE or postgresql://USER@HOST/DATABASE: correct "
        "OBSTACK_LAB_RECORDS_URL."
    )


@lru_cache(maxsize=100)
def _by_psycopg(sql: str) -> str:
    return _PARAMETER.sub(r"%(\1)s", sql)
