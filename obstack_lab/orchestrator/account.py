"""Asks the review room for the account of a run that is over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from obstack_lab.errors import LabError
from obstack_lab.load.reader import read_ledger
from obstack_lab.orchestrator.archive import Book
from obstack_lab.review import RunRecord, review
from obstack_lab.scenario.library import Library


def review_of(book: Book, ledger: Path, library: Library) -> dict[str, Any]:
    """Return the review as JSON; the explanation is the scenario's as it is today."""
    try:
        explanation = library.get(book.run.scenario.id).explanation
    except LabError:
        explanation = ""
    run = book.run
    made = review(
        RunRecord(
            id=run.id,
            scenario=run.scenario.id,
            seed=run.seed,
            speed=run.speed,
            engine=run.engine,
            created_at=run.created_at,
            started_at=run.started_at,
            ended_at=run.ended_at,
            interrupted=run.interrupted,
        ),
        run.scenario,
        book.journal.all(),
        read_ledger(ledger),
        explanation,
    )
    return dict(made.model_dump(mode="json"))
