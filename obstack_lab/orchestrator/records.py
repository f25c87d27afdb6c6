"""The lab's memory: runs, journals and samples, in SQLite or any database SQLAlchemy speaks to.

Every write is its own committed transaction: a killed orchestrator loses nothing it has said.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, ForeignKey, create_engine, event, func, select, update
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.run import Run
from obstack_lab.review.journal import JOURNAL_ENTRY, JournalEntry, SampleEntry

_BUSY_SECONDS = 10
_SAMPLE = "sample"


class _Base(DeclarativeBase):
    pass


class _RunRow(_Base):
    __tablename__ = "runs"

    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[float] = mapped_column(index=True)
    scenario: Mapped[str] = mapped_column(index=True)
    ended_at: Mapped[float | None]
    outcome: Mapped[str | None]
    state: Mapped[str]
    """the run as JSON"""


class _JournalRow(_Base):
    __tablename__ = "journal"

    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    kind: Mapped[str]
    entry: Mapped[str]
    """the entry as JSON"""


class _SampleRow(_Base):
    __tablename__ = "samples"

    run: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[float]
    success_ratio: Mapped[float | None]
    requests: Mapped[int]
    users_affected: Mapped[int]
    requests_lost: Mapped[int]
    downtime: Mapped[float]
    p95: Mapped[float | None]


_MEASURES = tuple(c.key for c in _SampleRow.__table__.columns if c.key != "run")


_Work = Callable[[Session], object]


class Records:
    """Reads and writes runs; thread-safe.

    What cannot be written now (the disk is full) is kept and written later, in its order: `flush`
    tries again, and raises LabError while it is in vain.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self._waiting: deque[_Work] = deque()
        self._writing = threading.Lock()
        with _reported():
            _Base.metadata.create_all(self._engine)

    @classmethod
    def at(cls, path: Path) -> Records:
        """Return the records of a SQLite file, made where there is none."""
        return cls(f"sqlite:///{path}")

    @contextmanager
    def _session(self) -> Iterator[Session]:
        with _reported(), Session(self._engine) as session:
            yield session

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def flush(self) -> None:
        """Write what could not be written before; raise LabError while it cannot be."""
        with self._writing:
            while self._waiting:
                try:
                    with self._session() as session, session.begin():
                        self._waiting[0](session)
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

        def put(session: Session) -> None:
            changed: Any = session.execute(update(_RunRow).where(_RunRow.id == run.id).values(row))
            if not changed.rowcount:
                session.add(_RunRow(id=run.id, **row))

        self._write(put)

    def append(self, run: str, entry: JournalEntry) -> None:
        """Keep one numbered entry of a run's journal."""

        def put(session: Session) -> None:
            if isinstance(entry, SampleEntry):
                session.add(_SampleRow(run=run, **entry.model_dump(exclude={"kind"})))
                return
            session.add(
                _JournalRow(
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
        with self._session() as session:
            row = session.get(_RunRow, run)
            return Run.model_validate_json(row.state) if row else None

    def runs(self) -> tuple[Run, ...]:
        """Return all runs, newest first."""
        query = select(_RunRow.state).order_by(_RunRow.created_at.desc(), _RunRow.id.desc())
        with self._session() as session:
            return tuple(Run.model_validate_json(text) for text in session.scalars(query))

    def unfinished(self) -> tuple[Run, ...]:
        """Return the runs that have no end."""
        return tuple(run for run in self.runs() if run.ended_at is None)

    def journal(self, run: str) -> tuple[JournalEntry, ...]:
        """Return a run's journal, samples among the other entries, in its order."""
        entries = select(_JournalRow.entry).where(_JournalRow.run == run)
        samples = select(_SampleRow).where(_SampleRow.run == run)
        with self._session() as session:
            found: list[JournalEntry] = [
                JOURNAL_ENTRY.validate_json(text) for text in session.scalars(entries)
            ]
            found += [
                SampleEntry(**{name: getattr(row, name) for name in _MEASURES})
                for row in session.scalars(samples)
            ]
        return tuple(sorted(found, key=lambda entry: entry.seq))

    def last_moment(self, run: str) -> float | None:
        """Return when the last entry of a run was written."""
        with self._session() as session:
            times = [
                session.scalar(select(func.max(table.at)).where(table.run == run))
                for table in (_JournalRow, _SampleRow)
            ]
        return max((at for at in times if at is not None), default=None)


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
