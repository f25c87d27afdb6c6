"""The lab's memory: runs, journals and samples, in SQLite or in PostgreSQL.

Every write is its own committed transaction: a killed orchestrator loses nothing it has said.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.database import (
    FAILURES,
    PASSING_FAILURES,
    Database,
    Execute,
    connect,
)
from obstack_lab.orchestrator.run import Run
from obstack_lab.review.journal import JOURNAL_ENTRY, JournalEntry, SampleEntry

_TABLES = Path(__file__).with_name("tables.sql")
_INDEXES = Path(__file__).with_name("indexes.sql")
_LEARNER = "ALTER TABLE runs ADD COLUMN learner VARCHAR NOT NULL DEFAULT ''"
_MEASURES = tuple(name for name in SampleEntry.model_fields if name != "kind")

_Work = Callable[[Execute], object]


class Records:
    """Reads and writes the runs of one learner; thread-safe.

    Several labs can keep theirs in one database, each with a learner of its own: nobody sees, or
    ends, the runs of others. What cannot be written now (the disk is full) is kept and written
    later, in its order: `flush` tries again, and raises LabError while it is in vain.
    """

    def __init__(self, url: str, *, learner: str = "") -> None:
        self._learner = learner
        self._waiting: deque[_Work] = deque()
        self._writing = threading.Lock()
        with _reported():
            self._database = connect(url)
            _make_tables(self._database)

    @classmethod
    def at(cls, path: Path) -> Records:
        """Return the records of a SQLite file, made where there is none."""
        return cls(f"sqlite:///{path}")

    @contextmanager
    def _transaction(self) -> Iterator[Execute]:
        with _reported(), self._database.transaction() as execute:
            yield execute

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def flush(self) -> None:
        """Write what could not be written before; raise LabError while it cannot be."""
        with self._writing:
            while self._waiting:
                try:
                    with self._transaction() as execute:
                        self._waiting[0](execute)
                except LabError as error:
                    if not isinstance(error.__cause__, PASSING_FAILURES):
                        self._waiting.popleft()
                    raise
                self._waiting.popleft()

    def _write(self, work: _Work) -> None:
        with self._writing:
            self._waiting.append(work)
        try:
            self.flush()
        except LabError as error:
            if not isinstance(error.__cause__, PASSING_FAILURES):
                raise

    def save(self, run: Run) -> None:
        """Keep a run's state, new or changed."""
        row = {
            "id": run.id,
            "learner": self._learner,
            "scenario": run.scenario.id,
            "created_at": run.created_at,
            "ended_at": run.ended_at,
            "outcome": run.outcome,
            "state": run.model_dump_json(),
        }

        def put(execute: Execute) -> None:
            changed = execute(
                "UPDATE runs SET scenario = :scenario, created_at = :created_at, "
                "ended_at = :ended_at, outcome = :outcome, state = :state WHERE id = :id",
                row,
            )
            if not changed.rowcount:
                execute(_insert("runs", row), row)

        self._write(put)

    def append(self, run: str, entry: JournalEntry) -> None:
        """Keep one numbered entry of a run's journal."""
        if isinstance(entry, SampleEntry):
            table, row = "samples", {"run": run, **entry.model_dump(exclude={"kind"})}
        else:
            said = {"at": entry.at, "kind": entry.kind, "entry": entry.model_dump_json()}
            table, row = "journal", {"run": run, "seq": entry.seq, **said}
        self._write(lambda execute: execute(_insert(table, row), row))

    def run(self, run: str) -> Run | None:
        """Return a run, or None where there is none of that id."""
        mine = {"run": run, "learner": self._learner}
        with self._transaction() as execute:
            found = execute(
                "SELECT state FROM runs WHERE id = :run AND learner = :learner", mine
            ).fetchall()
        return Run.model_validate_json(found[0][0]) if found else None

    def runs(self) -> tuple[Run, ...]:
        """Return the learner's runs, newest first."""
        with self._transaction() as execute:
            found = execute(
                "SELECT state FROM runs WHERE learner = :learner ORDER BY created_at DESC, id DESC",
                {"learner": self._learner},
            ).fetchall()
        return tuple(Run.model_validate_json(state) for (state,) in found)

    def unfinished(self) -> tuple[Run, ...]:
        """Return the runs that have no end."""
        return tuple(run for run in self.runs() if run.ended_at is None)

    def journal(self, run: str) -> tuple[JournalEntry, ...]:
        """Return a run's journal, samples among the other entries, in its order."""
        one = {"run": run}
        measures = ", ".join(_MEASURES)
        with self._transaction() as execute:
            entries = execute("SELECT entry FROM journal WHERE run = :run", one).fetchall()
            samples = execute(f"SELECT {measures} FROM samples WHERE run = :run", one).fetchall()  # noqa: S608 - our own names
        found: list[JournalEntry] = [JOURNAL_ENTRY.validate_json(entry) for (entry,) in entries]
        found += [SampleEntry(**dict(zip(_MEASURES, row, strict=True))) for row in samples]
        return tuple(sorted(found, key=lambda entry: entry.seq))

    def last_moment(self, run: str) -> float | None:
        """Return when the last entry of a run was written."""
        with self._transaction() as execute:
            ((last,),) = execute(
                "SELECT max(at) FROM (SELECT at FROM journal WHERE run = :run "
                "UNION ALL SELECT at FROM samples WHERE run = :run) AS entries",
                {"run": run},
            ).fetchall()
        return None if last is None else float(last)


def _make_tables(database: Database) -> None:
    """Make what is missing, also in a database of a lab that did not know of learners."""
    with database.transaction() as execute:
        execute(database.alone)
        _run(_TABLES, execute)
        if "learner" not in {each[0] for each in execute("SELECT * FROM runs LIMIT 0").description}:
            execute(_LEARNER)
        _run(_INDEXES, execute)


def _run(script: Path, execute: Execute) -> None:
    for statement in script.read_text(encoding="utf-8").split(";"):
        if statement.strip():
            execute(statement)


def _insert(table: str, row: Iterable[str]) -> str:
    columns = ", ".join(row)
    return f"INSERT INTO {table} ({columns}) VALUES (:{columns.replace(', ', ', :')})"  # noqa: S608 - our own names


@contextmanager
def _reported() -> Iterator[None]:
    try:
        yield
    except FAILURES as error:
        raise LabError(
            f"The lab's records cannot be read or written: {error}. Is there space, and may you "
            "write in the lab's directory?"
        ) from error
