"""Loads the data set into an empty or an older database, once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files

import psycopg
from psycopg import sql

CONNECT_SECONDS = 10
SEED = 0.42


@dataclass(frozen=True)
class Step:
    """One file of the data set: what it fills, how many rows there were, how long it took."""

    table: str
    rows: int
    seconds: float


@dataclass(frozen=True)
class Loaded:
    """What a call of `load` found or did."""

    version: str
    fresh: bool
    rows: dict[str, int]
    seconds: float


def load(url: str, report: Callable[[Step], None]) -> Loaded:
    """Load the data set in one transaction; where it is there already, change nothing."""
    started = time.monotonic()
    scripts = _scripts()
    version = hashlib.sha256("".join(text for _, text in scripts).encode()).hexdigest()[:12]
    with psycopg.connect(url, connect_timeout=CONNECT_SECONDS, autocommit=True) as connection:
        fresh = _loaded_version(connection) != version
        if fresh:
            with connection.transaction():
                _run(connection, scripts, version, report)
            connection.execute("ANALYZE")
        rows = {table: _count(connection, table) for name, _ in scripts if (table := _table(name))}
    return Loaded(version, fresh, rows, time.monotonic() - started)


def _run(
    connection: psycopg.Connection,
    scripts: list[tuple[str, str]],
    version: str,
    report: Callable[[Step], None],
) -> None:
    connection.execute("SET LOCAL max_parallel_workers_per_gather = 0")
    connection.execute("SET LOCAL synchronous_commit = off")
    connection.execute("SET LOCAL maintenance_work_mem = '128MB'")
    connection.execute("SELECT setseed(%s)", (SEED,))
    for name, text in scripts:
        started = time.monotonic()
        connection.execute(text.encode())
        table = _table(name)
        rows = _count(connection, table) if table else 0
        report(Step(table or name, rows, time.monotonic() - started))
    connection.execute("INSERT INTO dataset (version) VALUES (%s)", (version,))


def _scripts() -> list[tuple[str, str]]:
    folder = files("sut.seed").joinpath("sql")
    entries = sorted(
        (entry for entry in folder.iterdir() if entry.name.endswith(".sql")),
        key=lambda entry: entry.name,
    )
    return [
        (entry.name.removesuffix(".sql").split("_", 1)[1], entry.read_text("utf-8"))
        for entry in entries
    ]


def _table(name: str) -> str:
    return "" if name in {"schema", "indexes"} else name


def _loaded_version(connection: psycopg.Connection) -> str:
    there = connection.execute("SELECT to_regclass('dataset') IS NOT NULL").fetchone()
    if not there or not there[0]:
        return ""
    row = connection.execute("SELECT version FROM dataset").fetchone()
    return str(row[0]) if row else ""


def _count(connection: psycopg.Connection, table: str) -> int:
    row = connection.execute(
        sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))
    ).fetchone()
    return int(row[0]) if row else 0
