from __future__ import annotations

import pytest

from obstack_lab.review.journal import ActionEntry, DeclareEntry, FaultEntry, PhaseEntry


def moved(journal, begin, *phases):
    """Take the recovery out of a journal and put phases at these moments instead."""
    kept = [
        entry
        for entry in journal
        if not (isinstance(entry, PhaseEntry) and entry.phase in {"mitigated", "resolved"})
    ]
    return kept + [PhaseEntry(at=begin + at, phase=phase, reason=why) for at, phase, why in phases]


@pytest.fixture
def begin(run) -> float:
    return run.started_at


def test_times_count_from_the_beginning_of_the_incident(judge) -> None:
    times = judge().times
    assert times.model_dump() == {
        "alerted": 33,
        "detected": 40,
        "acknowledged": 41,
        "mitigated": 150,
        "resolved": 150,
        "ended": 240,
    }


def test_gone_is_resolved(judge) -> None:
    review = judge()
    assert review.outcome == "resolved"
    assert review.headline == "Resolved: users are well and the cause is gone, after 2 m 30 s."


def test_masked_is_not_fixed(judge, journal) -> None:
    left = [e for e in journal if not (isinstance(e, PhaseEntry) and e.phase == "resolved")]
    review = judge(journal=left)
    assert review.outcome == "mitigated"
    assert review.headline.startswith("Mitigated, not resolved")
    assert "Masked is not fixed" in review.verdict
    assert review.times.resolved is None


def test_a_state_that_was_lost_again_does_not_count(judge, journal, begin) -> None:
    phases = [
        (100, "mitigated", "Users are well again."),
        (110, "incident", "Users suffer again: orders."),
    ]
    lost = judge(journal=moved(journal, begin, *phases))
    assert lost.outcome == "unresolved"
    assert lost.times.mitigated is None
    assert "1 relapse" in lost.verdict
    regained = judge(journal=moved(journal, begin, *phases, (150, "resolved", "")))
    assert (regained.outcome, regained.times.mitigated) == ("resolved", 150)
    assert "after 1 relapse" in regained.scores.scores[2].reason


def test_a_cause_that_came_back_is_mitigated_only(judge, journal, begin) -> None:
    review = judge(
        journal=moved(
            journal, begin, (100, "mitigated", ""), (120, "resolved", ""), (140, "mitigated", "")
        )
    )
    assert (review.outcome, review.times.mitigated, review.times.resolved) == (
        "mitigated",
        100,
        None,
    )


@pytest.mark.parametrize(
    ("fault_gone", "sentence"),
    [
        (True, "The cause was gone at the end, but users were not yet well"),
        (False, "The cause was still"),
    ],
)
def test_unresolved_says_whether_the_cause_was_left(
    judge, journal, begin, fault_gone, sentence
) -> None:
    kept = [
        e
        for e in moved(journal, begin)
        if fault_gone or not (isinstance(e, FaultEntry) and e.what == "gone")
    ]
    review = judge(journal=kept)
    assert review.outcome == "unresolved"
    assert sentence in review.verdict
    assert sentence in review.scores.scores[3].reason


def test_an_incident_that_never_began_is_not_judged_and_keeps_its_answers(judge, journal) -> None:
    review = judge(journal=journal[:3], ledger=[], started_at=None, ended_at=journal[2].at)
    assert review.headline == "Not played: the incident never began."
    assert review.scores.scores == ()
    assert (review.answers, review.evidence, review.explanation) == ((), (), "")
    assert review.reference == ""
    assert not review.series.requests


def test_an_interrupted_run_says_so(judge) -> None:
    assert "interrupted" in judge(interrupted=True).verdict


def test_the_remedy_is_the_last_action_before_users_were_well(judge, journal, begin) -> None:
    later = ActionEntry(at=begin + 200, action="restart", params={}, status="done")
    failed = ActionEntry(at=begin + 140, action="restart", params={}, status="failed")
    review = judge(journal=[*journal, later, failed])
    assert review.what_if == judge().what_if


def test_detected_is_the_first_sign_of_the_learner(judge, journal, begin) -> None:
    early = DeclareEntry(at=begin + 12, severity="no incident")
    review = judge(journal=[*journal, early])
    assert review.times.detected == 12
    assert review.scores.scores[0].points == 20
    late = DeclareEntry(at=begin + 99, severity="no incident")
    assert judge(journal=[*journal, late]).scores.scores[0].points == 0
