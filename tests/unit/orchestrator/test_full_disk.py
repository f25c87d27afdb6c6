"""A disk that is full for a while: said clearly, nothing is lost, and the run goes on."""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from orchestrator_stage import SCENARIO, Lab

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.conductor import Conductor
from obstack_lab.orchestrator.database import Cursor, Execute
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.run import Run
from obstack_lab.orchestrator.views import RunRequest
from obstack_lab.review.journal import NoteEntry


class Full:
    """Lets every statement of the records fail as SQLite does on a full disk."""

    def __init__(self, records: Records) -> None:
        self._full = False
        self._transaction = records._database.transaction
        records._database.transaction = self._refusing  # type: ignore[method-assign]

    def be(self, *, full: bool) -> None:
        self._full = full

    @contextmanager
    def _refusing(self) -> Iterator[Execute]:
        with self._transaction() as execute:

            def run(statement: str, parameters: Mapping[str, object]) -> Cursor:
                if self._full and statement.startswith(("INSERT", "UPDATE")):
                    raise sqlite3.OperationalError("database or disk is full")
                return execute(statement, parameters)

            yield run


def a_run(lab: Lab) -> Run:
    return lab.orchestrator.create_run(RunRequest(scenario=SCENARIO))


def test_what_could_not_be_written_is_written_later_in_its_order(lab: Lab, tmp_path: Path) -> None:
    run = a_run(lab)
    records = Records.at(tmp_path / "full.sqlite")
    disk = Full(records)
    records.save(run)
    disk.be(full=True)
    for seq in (1, 2, 3):
        records.append(run.id, NoteEntry(seq=seq, at=seq, text=f"note {seq}"))
    records.save(run.model_copy(update={"reason": "later"}))
    with pytest.raises(LabError, match="disk is full"):
        records.flush()
    assert records.journal(run.id) == ()
    disk.be(full=False)
    records.flush()
    assert [entry.seq for entry in records.journal(run.id)] == [1, 2, 3]
    assert [found.reason for found in records.runs()] == ["later"]
    records.close()


def test_a_full_disk_is_the_labs_trouble_until_there_is_space_and_the_run_goes_on(
    lab: Lab,
) -> None:
    run = a_run(lab)
    disk = Full(lab.orchestrator.stage.records)
    conductor = Conductor(lab.orchestrator, lambda _: None)
    conductor.tick()
    disk.be(full=True)
    lab.orchestrator.play(run.id).note("while the disk was full")
    lab.clock.now += 1
    conductor.tick()
    trouble = lab.orchestrator.status().trouble
    assert trouble.startswith("The lab's records cannot be read or written: database or disk is")
    assert "Is there space" in trouble
    disk.be(full=False)
    lab.clock.now += 1
    conductor.tick()
    assert lab.orchestrator.status().trouble == ""
    kept = lab.orchestrator.stage.records.journal(run.id)
    assert [e.seq for e in kept] == list(range(1, len(kept) + 1))
    assert "while the disk was full" in [getattr(e, "text", "") for e in kept]


def test_a_log_that_cannot_be_written_does_not_end_the_ticks(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Log:
        def write(self, _: str) -> int:
            raise OSError(28, "No space left on device")

        def flush(self) -> None:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(lab.orchestrator, "tick", lambda: 1 / 0)
    monkeypatch.setattr(sys, "stderr", Log())
    published: list[str] = []
    Conductor(lab.orchestrator, published.append).tick()
    assert "ZeroDivisionError" in published[0]
