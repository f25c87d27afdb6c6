"""What a session fault keeps open: one transaction, a crowd of sessions, a batch that recurs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

import psycopg
from psycopg import sql

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.faults.database import Connection, lives

_END_WITHIN = 5.0
_FILL_WITHIN = 10.0


class Holding(Protocol):
    """Sessions that stay until they are ended from here or there."""

    def lives(self) -> bool:
        """Return whether any of them is still there."""

    def end(self) -> None:
        """Close what is left."""


class Transaction:
    """One open transaction, idle: whatever it has locked stays locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lives(self) -> bool:
        return lives(self._connection)

    def end(self) -> None:
        self._connection.close()


class Crowd:
    """Sessions that are opened one after the other, and never used.

    Takes what it can get: refused, it asks again at the next turn. Once somebody has ended one of
    them it opens no more: the program that leaked them has noticed.
    """

    def __init__(self, open_one: Callable[[], Connection], *, most: int, every: float) -> None:
        self._open_one = open_one
        self._most = most
        self._every = every
        self._open: list[Connection] = []
        self._stop = threading.Event()
        self._full = threading.Event()
        self._thread = threading.Thread(target=self._grow, name="crowd", daemon=True)
        self._thread.start()

    def fill(self) -> None:
        """Wait until there is no more to be had, or there are as many as there shall be."""
        self._full.wait(_FILL_WITHIN)

    def lives(self) -> bool:
        return any(map(lives, tuple(self._open))) or self._thread.is_alive()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(_END_WITHIN)
        for connection in self._open:
            connection.close()

    def _grow(self) -> None:
        while not self._stop.is_set():
            if not all(map(lives, self._open)):
                break
            if len(self._open) < self._most:
                try:
                    self._open.append(self._open_one())
                except LabError:
                    self._full.set()
            if len(self._open) >= self._most:
                self._full.set()
            self._stop.wait(self._every)


class Batch:
    """One session that runs a heavy statement again and again, and rests in between.

    What it does is rolled back each time. Ended by somebody, it does not come back.
    """

    def __init__(self, connection: Connection, query: sql.Composed, *, every: float) -> None:
        self._connection = connection
        self._query = query
        self._every = every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="batch", daemon=True)
        self._thread.start()

    def lives(self) -> bool:
        return self._thread.is_alive() and lives(self._connection)

    def end(self) -> None:
        self._stop.set()
        with suppress(psycopg.Error):
            self._connection.cancel_safe(timeout=_END_WITHIN)
        self._thread.join(_END_WITHIN)
        self._connection.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._once()
            except psycopg.errors.QueryCanceled:
                continue
            except psycopg.Error:
                break
            finally:
                self._stop.wait(self._every)

    def _once(self) -> None:
        with self._connection.transaction(force_rollback=True):
            self._connection.execute(self._query)
