"""The lab's memory: runs, journals and samples, in SQLite or any database SQLAlchemy speaks to.

Every write is its own committed transaction: a killed orchestrator loses nothing it has said.
Tables without classes: SQLAlchemy's object mapper would take a quarter of a second to import.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Table,
    create_engine,
    event,
    func,
    insert,
    inspect,
    select,
    text,
    update,
)
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.schema import CreateColumn

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.run import Run
from obstack_lab.review.journal import JOURNAL_ENTRY, JournalEntry, SampleEntry

_BUSY_SECONDS = 10
_SAMPLE = "sample"


_TABLES = MetaData()
_RUNS = Table(
    "runs",
    _TABLES,
    Column("id", String, primary_key=True),
    Column("created_at", Float, nullable=False, index=True),
    Column("scenario", String, nullable=False, index=True),
    Column("ended_at", Float),
    Column("outcome", String),
    Column("state", String, nullable=False, comment="the run as JSON"),
    Column("learner", String, nullable=False, server_default="", index=True),
)
_JOURNAL = Table(
    "journal",
    _TABLES,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("kind", String, nullable=False),
    Column("entry", String, nullable=False, comment="the entry as JSON"),
)
_SAMPLES = Table(
    "samples",
    _TABLES,
    Column("run", ForeignKey("runs.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("success_ratio", Float),
    Column("requests", Integer, nullable=False),
    Column("users_affected", Integer, nullable=False),
    Column("requests_lost", Integer, nullable=False),
    Column("downtime", Float, nullable=False),
    Column("p95", Float),
)
_MEASURES = tuple(column for column in _SAMPLES.columns if column.name != "run")

_Work = Callable[[Connection], object]
_MAKING_TABLES = 7_263_114
"""The lock under which one of several labs makes the tables of a database they share."""


class Records:
    """Reads and writes the runs of one learner; thread-safe.

    Several labs can keep theirs in one database, each with a learner of its own: nobody sees, or
    ends, the runs of others. What cannot be written now (the disk is full) is kept and written
    later, in its order: `flush` tries again, and raises LabError while it is in vain.
    """

    def __init__(self, url: str, *, learner: str = "") -> None:
        self._engine = _engine(url)
        self._learner = learner
        self._waiting: deque[_Work] = deque()
        self._writing = threading.Lock()
        with _reported():
            _make_tables(self._engine)

    @classmethod
    def at(cls, path: Path) -> Records:
        """Return the records of a SQLite file, made where there is none."""
        return cls(f"sqlite:///{path}")

    @contextmanager
    def _connected(self) -> Iterator[Connection]:
        with _reported(), self._engine.connect() as connection:
            yield connection

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def flush(self) -> None:
        """Write what could not be written before; raise LabError while it cannot be."""
        with self._writing:
            while self._waiting:
                try:
                    with self._connected() as connection, connection.begin():
                        self._waiting[0](connection)
                except LabError as error:
                    if not isinstance(error.__cause__, OperationalError):
                        self._waiting.popleft()
                    raise
                self._waiting.popleft()

    def _write(self, work: _Work) -> None:
        with self._writing:
            self._waiting.append(work)
        try:
            self.flush()
        except LabError as error:
            if not isinstance(error.__cause__, OperationalError):
                raise

    def save(self, run: Run) -> None:
        """Keep a run's state, new or changed."""
        row = {
            "scenario": run.scenario.id,
            "created_at": run.created_at,
            "ended_at": run.ended_at,
            "outcome": run.outcome,
            "state": run.model_dump_json(),
        }

        def put(connection: Connection) -> None:
            changed = connection.execute(update(_RUNS).where(_RUNS.c.id == run.id).values(row))
            if not changed.rowcount:
                mine = {"id": run.id, "learner": self._learner}
                connection.execute(insert(_RUNS).values(**mine, **row))

        self._write(put)

    def append(self, run: str, entry: JournalEntry) -> None:
        """Keep one numbered entry of a run's journal."""

        def put(connection: Connection) -> None:
            if isinstance(entry, SampleEntry):
                row = entry.model_dump(exclude={"kind"})
                connection.execute(insert(_SAMPLES).values(run=run, **row))
                return
            connection.execute(
                insert(_JOURNAL).values(
                    run=run,
                    seq=entry.seq,
                    at=entry.at,
                    kind=entry.kind,
                    entry=entry.model_dump_json(),
                )
            )

        self._write(put)

    def run(self, run: str) -> Run | None:
        """Return a run, or None where there is none of that id."""
        query = select(_RUNS.c.state).where(_RUNS.c.id == run, _RUNS.c.learner == self._learner)
        with self._connected() as connection:
            found = connection.scalar(query)
        return None if found is None else Run.model_validate_json(found)

    def runs(self) -> tuple[Run, ...]:
        """Return the learner's runs, newest first."""
        mine = select(_RUNS.c.state).where(_RUNS.c.learner == self._learner)
        query = mine.order_by(_RUNS.c.created_at.desc(), _RUNS.c.id.desc())
        with self._connected() as connection:
            return tuple(Run.model_validate_json(each) for each in connection.scalars(query))

    def unfinished(self) -> tuple[Run, ...]:
        """Return the runs that have no end."""
        return tuple(run for run in self.runs() if run.ended_at is None)

    def journal(self, run: str) -> tuple[JournalEntry, ...]:
        """Return a run's journal, samples among the other entries, in its order."""
        entries = select(_JOURNAL.c.entry).where(_JOURNAL.c.run == run)
        samples = select(*_MEASURES).where(_SAMPLES.c.run == run)
        with self._connected() as connection:
            found: list[JournalEntry] = [
                JOURNAL_ENTRY.validate_json(each) for each in connection.scalars(entries)
            ]
            found += [SampleEntry(**row) for row in connection.execute(samples).mappings()]
        return tuple(sorted(found, key=lambda entry: entry.seq))

    def last_moment(self, run: str) -> float | None:
        """Return when the last entry of a run was written."""
        with self._connected() as connection:
            times = [
                connection.scalar(select(func.max(table.c.at)).where(table.c.run == run))
                for table in (_JOURNAL, _SAMPLES)
            ]
        return max((at for at in times if at is not None), default=None)


def _make_tables(engine: Engine) -> None:
    """Make what is missing, also in a database of a lab that did not know of learners."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_MAKING_TABLES)))
        known = inspect(connection)
        if known.has_table(_RUNS.name):
            columns = {column["name"] for column in known.get_columns(_RUNS.name)}
            if _RUNS.c.learner.name not in columns:
                added = CreateColumn(_RUNS.c.learner).compile(dialect=engine.dialect)
                connection.execute(text(f"ALTER TABLE {_RUNS.name} ADD COLUMN {added}"))
        _TABLES.create_all(connection)


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except SQLAlchemyError as error:
        cause = getattr(error, "orig", None) or error
        raise LabError(
            f"The lab's records cannot be read or written: {cause}. Is there space, and may you "
            "write in the lab's directory?"
        ) from error


def _engine(url: str) -> Engine:
    if url.startswith(("postgresql://", "postgres://")):
        url = f"postgresql+psycopg://{url.split('://', 1)[1]}"
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=NORMAL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.close()

    return engine
