"""Puts a review together from a run's record, scenario, journal and ledger."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from obstack_lab.load.ledger import LedgerEntry
from obstack_lab.review.course import Course, course
from obstack_lab.review.evidence import account, answers, evidence_seen, hints_used
from obstack_lab.review.journal import JournalEntry
from obstack_lab.review.model import Review, RunRecord, ScoreTable
from obstack_lab.review.score import score
from obstack_lab.review.story import marks, timeline
from obstack_lab.review.toll import impact, series, what_if
from obstack_lab.review.words import counted, duration
from obstack_lab.scenario.model import Scenario


def review(
    run: RunRecord,
    scenario: Scenario,
    journal: Sequence[JournalEntry],
    ledger: Iterable[LedgerEntry],
    explanation: str,
) -> Review:
    """Return the after-action review of a run that has ended.

    `explanation` is the scenario's explanation.md. Nothing is read and nothing is changed; the
    same run gives the same review. An incident that never began keeps its answers.
    """
    begun = run.started_at is not None
    journal = sorted(journal, key=lambda entry: (entry.at, entry.seq))
    entries = sorted(ledger, key=lambda entry: (entry.intended, entry.seq))
    told = course(run, journal)
    evidence = evidence_seen(scenario, journal, told) if begun else ()
    answered = answers(scenario, journal) if begun else ()
    hints = hints_used(journal, told)
    words = account(journal)
    toll = impact(entries, told, scenario, run.created_at)
    return Review(
        run=run,
        title=scenario.title,
        difficulty=scenario.difficulty.value,
        minutes=scenario.minutes,
        outcome=told.outcome,
        headline=_headline(told) if begun else "Not played: the incident never began.",
        verdict=_verdict(told, run),
        times=told.times,
        impact=toll,
        scores=score(
            told,
            length=scenario.minutes * 60,
            evidence=evidence,
            answers=answered,
            hints=hints,
            journal=journal,
            account=words,
        )
        if begun
        else ScoreTable(scores=(), hints=0, total=0, of=0),
        timeline=timeline(journal, told, scenario),
        evidence=evidence,
        answers=answered,
        account=words,
        hints=hints,
        what_if=what_if(entries, told, scenario),
        reference=scenario.solutions.reference.title if begun else "",
        alternatives=_alternatives(scenario) if begun else (),
        series=series(entries, told, scenario),
        marks=marks(journal, told),
        objective_latency=scenario.objective.latency,
        explanation=explanation if begun else "",
    )


def _alternatives(scenario: Scenario) -> tuple[str, ...]:
    return tuple(
        f"{way.title} ({'resolves' if way.resolves else 'mitigates only'})"
        for way in scenario.solutions.alternatives.values()
    )


def _headline(told: Course) -> str:
    match told.outcome:
        case "resolved":
            after = duration(told.since(told.resolved))
            return f"Resolved: users are well and the cause is gone, after {after}."
        case "mitigated":
            after = duration(told.since(told.mitigated))
            return (
                f"Mitigated, not resolved: users are well after {after}, the cause is still there."
            )
        case _:
            return "Unresolved: users still suffered when the run ended."


def _verdict(told: Course, run: RunRecord) -> str:
    """Return the reason of the outcome; masked is not fixed."""
    if run.started_at is None:
        return "There is nothing to judge yet. Play it, and the answers are here."
    sentences = []
    match told.outcome:
        case "resolved":
            gap = (told.resolved or 0) - (told.mitigated or 0)
            sentences.append("What made users suffer is no longer in the system.")
            if gap >= 1:
                sentences.append(
                    f"Users were well {duration(gap)} before that: you relieved them first and "
                    "removed the cause afterwards."
                )
        case "mitigated":
            sentences.append(
                "Masked is not fixed: your remedy keeps the symptom away while the cause stays in "
                "the system. The same thing returns with more traffic, or when the remedy is "
                "undone."
            )
        case _ if told.faulty:
            sentences.append("The cause was still in the system at the end.")
        case _:
            sentences.append("The cause was gone at the end, but users were not yet well again.")
    if told.relapses:
        sentences.append(
            f"Users suffered again after they had been well: {counted(told.relapses, 'relapse')}."
        )
    if run.interrupted:
        sentences.append("The lab was interrupted; only what it had recorded until then counts.")
    return " ".join(sentences)
