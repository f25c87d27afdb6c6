"""The shop's database as a whole: copied and put back by PostgreSQL's own template databases."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg import Connection, errors, sql

from obstack_lab.engine.embedded.database import DATABASE, Database
from obstack_lab.engine.embedded.seed import Seed
from obstack_lab.engine.request import data_scripts, need_snapshot_name
from obstack_lab.errors import ActionError, EngineError, UnknownName

_PREFIX = "snapshot_"
_STANDARD = "standard_data_set"
_NEW = "shop_in_the_making"
_OLD = "shop_before"
_SECONDS = 30
_NOT_CONNECTED = re.compile(r"^connection .* failed: ", re.DOTALL)


class DatabaseCopies:
    """Implements `Data`. One change at a time; each within `_SECONDS`."""

    def __init__(
        self, postgres: Database, seed: Seed, settle: Callable[[], None] = lambda: None
    ) -> None:
        self._postgres = postgres
        self._seed = seed
        self._settle = settle
        self._lock = threading.Lock()
        self._untouched = False
        """whether nothing has used the data since it was loaded"""

    def begin(self) -> None:
        """Load the standard data set unless it is there, and keep a copy of it to go back to."""
        with self._server() as server:
            there = _databases(server)
            _drop(server, _OLD)
            if DATABASE not in there and _STANDARD in there:
                _copy(server, _STANDARD, DATABASE)
            elif DATABASE in there:
                _open(server, DATABASE, to_all=True)
        fresh = self._seed.run()
        with self._server() as server:
            if fresh or _STANDARD not in there:
                _copy(server, DATABASE, _STANDARD)
        self._untouched = fresh

    def snapshots(self) -> tuple[str, ...]:
        with self._server() as server:
            return tuple(
                name.removeprefix(_PREFIX)
                for name in _databases(server)
                if name.startswith(_PREFIX)
            )

    def snapshot(self, name: str) -> None:
        need_snapshot_name(name)
        with self._server() as server:
            _copy(server, DATABASE, _PREFIX + name)

    def restore(self, name: str) -> None:
        known = self.snapshots()
        if name not in known:
            raise UnknownName("snapshot", name, known)
        self._replace(_PREFIX + name)

    def forget(self, name: str) -> None:
        need_snapshot_name(name)
        with self._server() as server:
            _drop(server, _PREFIX + name)

    def reset(self) -> None:
        if self._untouched:
            self._untouched = False
        else:
            self._replace(_STANDARD)

    def load(self, source: Path) -> None:
        scripts = data_scripts(source)
        with self._server() as server:
            _drop(server, _NEW)
            server.execute(sql.SQL("CREATE DATABASE {} OWNER shop").format(sql.Identifier(_NEW)))
        try:
            self._run(scripts)
            self._replace(_NEW)
        finally:
            with self._server() as server:
                _drop(server, _NEW)

    def _replace(self, source: str) -> None:
        self._untouched = False
        with self._server() as server:
            if source != _NEW:
                _copy(server, source, _NEW)
            _exchange(server, _NEW, DATABASE)
        self._settle()

    def _run(self, scripts: tuple[Path, ...]) -> None:
        with psycopg.connect(self._postgres.dsn("shop", database=_NEW)) as connection:
            for script in scripts:
                try:
                    connection.execute(script.read_bytes())
                except (psycopg.Error, UnicodeDecodeError) as error:
                    raise ActionError(
                        f"{script.name}: {_reason(error)}. The data is as it was.",
                        action="load",
                        parameter="source",
                    ) from error
            connection.commit()
            connection.autocommit = True
            connection.execute("ANALYZE")

    @contextmanager
    def _server(self) -> Iterator[Connection]:
        """Lend a superuser's session beside the shop's database; errors are EngineErrors."""
        with self._lock:
            try:
                with psycopg.connect(
                    self._postgres.dsn("lab", database="postgres"),
                    autocommit=True,
                    connect_timeout=5,
                    application_name="data",
                    options=f"-c statement_timeout={_SECONDS}s",
                ) as server:
                    yield server
            except psycopg.Error as error:
                raise EngineError(
                    f"The data could not be changed: {_reason(error)}. "
                    "Look at `./lab logs postgres`.",
                    component="postgres",
                ) from error


def _databases(server: Connection) -> tuple[str, ...]:
    rows = server.execute("SELECT datname FROM pg_database ORDER BY datname").fetchall()
    return tuple(str(row[0]) for row in rows)


def _drop(server: Connection, name: str) -> None:
    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _copy(server: Connection, source: str, target: str) -> None:
    """Replace the target by a copy of the source, into which nobody may look meanwhile."""
    _drop(server, target)
    _change(
        server,
        source,
        sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY OWNER shop").format(
            sql.Identifier(target), sql.Identifier(source)
        ),
    )


def _exchange(server: Connection, new: str, name: str) -> None:
    """Put a new database in the place of one in use: its users are without it for a moment only."""
    rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
    if name in _databases(server):
        _drop(server, _OLD)
        _change(server, name, rename.format(sql.Identifier(name), sql.Identifier(_OLD)))
    server.execute(rename.format(sql.Identifier(new), sql.Identifier(name)))
    _drop(server, _OLD)


def _change(server: Connection, name: str, statement: sql.Composed) -> None:
    """Do what PostgreSQL does to a database only while nobody is connected to it."""
    _open(server, name, to_all=False)
    try:
        deadline = time.monotonic() + _SECONDS
        while True:
            server.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                (name,),
            )
            try:
                server.execute(statement)
            except errors.ObjectInUse:
                if time.monotonic() > deadline:
                    raise
            else:
                return
    finally:
        if name in _databases(server):
            _open(server, name, to_all=True)


def _open(server: Connection, name: str, *, to_all: bool) -> None:
    server.execute(
        sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS {}").format(
            sql.Identifier(name), sql.Literal(to_all)
        )
    )


def _reason(error: Exception) -> str:
    text = _NOT_CONNECTED.sub("", str(error).strip()) or type(error).__name__
    return text.splitlines()[0].rstrip(".")
