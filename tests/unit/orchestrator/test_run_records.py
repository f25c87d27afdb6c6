"""What is kept of a run, whatever becomes of the orchestrator."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

import pytest
from orchestrator_stage import SCENARIO, Inline, Lab

from obstack_lab.errors import LabError, UsageError
from obstack_lab.orchestrator.archive import Archive
from obstack_lab.orchestrator.orchestrator import LabIdentity, Orchestrator
from obstack_lab.orchestrator.records import Records
from obstack_lab.review.journal import PhaseEntry, SampleEntry


def after_the_crash(lab: Lab, tmp_path: Path) -> Orchestrator:
    """Return a new orchestrator that reads what the killed one left on disk."""
    from dataclasses import replace

    stage = replace(lab.orchestrator.stage, records=Records.at(tmp_path / "records.sqlite"))
    again = Orchestrator(
        LabIdentity("1badcafe", "memory", "built-in"),
        stage,
        lab.orchestrator.library,
        lab.orchestrator.boot,
    )
    again.mark_interrupted()
    return again


def test_a_killed_orchestrator_loses_no_finished_second(lab: Lab, tmp_path: Path) -> None:
    play = lab.start()
    play.note("orders waits")
    lab.pass_time(7)
    last = lab.clock.now
    before = play.journal.all()
    lab.clock.now += 100
    again = after_the_crash(lab, tmp_path)
    book = again.book("current")
    assert book.run.interrupted
    assert (book.run.phase, book.run.outcome, book.run.ended_at) == ("ended", "unresolved", last)
    kept = book.journal.all()
    assert kept[:-1] == before
    assert isinstance(kept[-1], PhaseEntry)
    assert kept[-1].reason.startswith("The orchestrator died at ")
    assert len([e for e in kept if isinstance(e, SampleEntry)]) == 12 + 4 + 7
    again.stage.records.close()


def test_all_of_an_old_run_can_still_be_read(lab: Lab, tmp_path: Path) -> None:
    play = lab.start()
    play.next_hint()
    again = after_the_crash(lab, tmp_path)
    book = again.book(play.run.id)
    assert [c.verdict for c in again.archive.criteria(book)] == ["fail"]
    assert again.archive.impact(book.run).requests == 0
    assert again.scenario(SCENARIO).state == "played"
    assert again.snapshot().run is None
    again.stage.records.close()


def test_an_interruption_is_marked_once(lab: Lab, tmp_path: Path) -> None:
    lab.start()
    for _ in range(2):
        again = after_the_crash(lab, tmp_path)
        phases = [e for e in again.book("current").journal.all() if isinstance(e, PhaseEntry)]
        again.stage.records.close()
    assert [entry.phase for entry in phases].count("ended") == 1


def test_a_stopped_lab_says_that_it_was_stopped(lab: Lab) -> None:
    play = lab.start()
    lab.orchestrator.interrupt("The lab was stopped.")
    assert (play.run.phase, play.run.reason) == ("ended", "The lab was stopped.")
    assert play.run.interrupted
    assert lab.engine.releases("orders")[-1] == "1.5.0"


def test_samples_are_columns_that_sql_can_read(lab: Lab, tmp_path: Path) -> None:
    lab.start()
    with sqlite3.connect(tmp_path / "records.sqlite") as connection:
        (count,) = connection.execute("select count(*) from samples where users_affected = 0")
        (mode,) = connection.execute("pragma journal_mode")
    connection.close()
    assert (count[0], mode[0]) == (16, "wal")


def test_runs_are_listed_newest_first(lab: Lab) -> None:
    ids = []
    for _ in range(3):
        play = lab.start()
        ids.append(play.run.id)
        play.finish()
        lab.metrics.success = (1.0,)
        lab.clock.now += 5
    assert [run.id for run in lab.orchestrator.runs()] == ids[::-1]
    assert not lab.records.unfinished()


def test_an_edited_scenario_does_not_change_an_old_run(lab: Lab, scenarios: Path) -> None:
    play = lab.start()
    play.finish()
    path = scenarios / SCENARIO / "scenario.yaml"
    path.write_text(path.read_text().replace("Pages are stalling", "Another title"))
    archive = Archive(lab.records, lambda run: Path(os.devnull))
    assert archive.book(play.run.id).run.scenario.title == "Pages are stalling"
    assert lab.orchestrator.scenario(SCENARIO).title == "Another title"


def test_a_tick_that_fails_is_shown_and_the_next_one_is_tried(
    lab: Lab, capsys: pytest.CaptureFixture[str]
) -> None:
    from obstack_lab.orchestrator.conductor import Conductor

    lab.start()
    published: list[str] = []
    conductor = Conductor(lab.orchestrator, published.append)
    look = lab.impact.look
    lab.impact.look = lambda now: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    conductor.tick()
    assert "ZeroDivisionError" in published[0]
    assert "ZeroDivisionError" in capsys.readouterr().err
    lab.impact.look = look  # type: ignore[method-assign]
    conductor.tick()
    assert lab.orchestrator.status().trouble == ""
    assert isinstance(lab.orchestrator.stage.work, Inline)


def test_records_that_cannot_be_written_are_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"records cannot be read or written.*may you write"):
        Records.at(tmp_path / "missing" / "records.sqlite")


@pytest.mark.parametrize("url", ["mysql://root@nowhere/lab", "records.sqlite", "sqlite://x.sqlite"])
def test_a_url_of_another_kind_is_refused_with_those_there_are(url: str) -> None:
    with pytest.raises(UsageError, match=r"sqlite:///FILE or postgresql://.*RECORDS_URL"):
        Records(url)


def test_learners_who_share_a_database_see_and_end_their_own_runs_alone(
    lab: Lab, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path / 'class.sqlite'}"
    ann, bob = Records(url, learner="ann"), Records(url, learner="bob")
    run = lab.start().run
    ann.save(run)
    bob.save(run.model_copy(update={"id": f"{run.id}-b"}))
    assert [each.id for each in ann.runs()] == [run.id]
    assert bob.run(run.id) is None
    Archive(bob, lambda name: tmp_path / name).mark_interrupted()
    assert [each.active for each in (*ann.runs(), *bob.runs())] == [True, False]
    for records in (ann, bob):
        records.close()


def test_records_of_before_there_were_learners_are_read(lab: Lab, tmp_path: Path) -> None:
    path = tmp_path / "old.sqlite"
    old = Records.at(path)
    old.save(lab.start().run)
    old.close()
    with sqlite3.connect(path) as database:
        database.execute("DROP INDEX ix_runs_learner")
        database.execute("ALTER TABLE runs DROP COLUMN learner")
    again = Records.at(path)
    assert [run.id for run in again.runs()] == [run.id for run in lab.orchestrator.runs()]
    again.close()
