"""What the learner saw and concluded, against what was there to see."""

from __future__ import annotations

from collections.abc import Sequence

from obstack_lab.review.course import Course
from obstack_lab.review.journal import HintEntry, JournalEntry, QueryEntry, WriteUpEntry
from obstack_lab.review.model import Answer, EvidenceLine, HintUse
from obstack_lab.review.words import one_line
from obstack_lab.scenario.model import Evidence, Scenario


def evidence_seen(
    scenario: Scenario, journal: Sequence[JournalEntry], course: Course
) -> tuple[EvidenceLine, ...]:
    """Return each piece of evidence with the first query of the learner that showed it.

    A query shows it when it is in the evidence's language, holds all the words of `looked_at`,
    was asked between the beginning and the end of the incident, and brought something.
    """
    queries = [
        entry
        for entry in journal
        if isinstance(entry, QueryEntry)
        and entry.asked
        and course.begin <= entry.at <= course.end
        and entry.status < 400
        and entry.rows != 0
    ]
    lines = []
    for evidence in scenario.evidence:
        by = next((query for query in queries if _shows(query, evidence)), None)
        lines.append(
            EvidenceLine(
                id=evidence.id,
                shows=evidence.shows,
                language=evidence.language,
                query=one_line(evidence.query),
                seen_at=round(by.at - course.begin, 3) if by else None,
                seen_by=one_line(by.query) if by else "",
            )
        )
    return tuple(lines)


def _shows(query: QueryEntry, evidence: Evidence) -> bool:
    text = query.query.casefold()
    return (
        query.language == evidence.language
        and bool(evidence.looked_at)
        and all(word.casefold() in text for word in evidence.looked_at)
    )


def answers(scenario: Scenario, journal: Sequence[JournalEntry]) -> tuple[Answer, ...]:
    """Return the last write-up, facet by facet, against the truth."""
    written = _write_up(journal)
    given = written.answers if written else {}
    result = []
    for question in scenario.questions:
        key = given.get(question.facet, "")
        result.append(
            Answer(
                facet=question.facet,
                question=question.text,
                chosen=question.options.get(key, key),
                right=key in question.answer if key else None,
                truth=tuple(question.options.get(right, right) for right in question.answer),
            )
        )
    return tuple(result)


def account(journal: Sequence[JournalEntry]) -> str:
    """Return the learner's own words of the last write-up."""
    written = _write_up(journal)
    return written.text if written else ""


def _write_up(journal: Sequence[JournalEntry]) -> WriteUpEntry | None:
    return next((entry for entry in reversed(journal) if isinstance(entry, WriteUpEntry)), None)


def hints_used(journal: Sequence[JournalEntry], course: Course) -> tuple[HintUse, ...]:
    """Return the hints that were shown; only those that were asked for cost anything."""
    return tuple(
        HintUse(
            at=round(entry.at - course.begin, 3),
            number=entry.number,
            text=one_line(entry.text),
            cost=entry.cost if entry.why == "asked" else 0,
            why=entry.why,
        )
        for entry in journal
        if isinstance(entry, HintEntry)
    )
