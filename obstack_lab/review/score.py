"""Points: a mirror for the learner, with the reason of each in words. Not an exam.

Five skills of 20 points each, rounded to whole points:

* detect: 20 when an alert was acknowledged or a severity declared within 1 minute of the incident,
  falling evenly to 0 at 5 minutes. "No incident" as the last word is 0.
* diagnose: 12 for the write-up, shared by its facets; 8 for the evidence, shared by symptom,
  mechanism and cause (one query that shows it is enough for each). A kind or a write-up that the
  scenario does not ask for passes its points to the other.
* mitigate: 20 when users were well again within a quarter of the run's length, falling evenly to
  0 at its whole length; 0 when they were not well at the end.
* resolve: 20 when users were well and the cause was gone at the end, 8 when users were well but
  the cause was still there.
* communicate: 6 for a severity, 4 for an acknowledged alert, 3 each for up to two notes, 4 for a
  write-up in one's own words.

The total is their sum less the price of the hints that were asked for, at least 0. A run whose
incident never began has no points to give.
"""

from __future__ import annotations

from collections.abc import Sequence

from obstack_lab.review.course import Course
from obstack_lab.review.journal import JournalEntry, NoteEntry
from obstack_lab.review.model import Answer, EvidenceLine, HintUse, Score, ScoreTable
from obstack_lab.review.words import counted, duration

SKILL = 20
_PROMPT, _LATE = 60.0, 300.0
_WRITE_UP, _EVIDENCE = 12, 8
_MITIGATED_ONLY = 8
_KINDS = ("symptom", "mechanism", "cause")


def score(
    course: Course,
    *,
    length: float,
    evidence: Sequence[EvidenceLine],
    answers: Sequence[Answer],
    hints: Sequence[HintUse],
    journal: Sequence[JournalEntry],
    account: str,
) -> ScoreTable:
    """Return the score table; the formula is this module's docstring."""
    notes = sum(isinstance(entry, NoteEntry) for entry in journal)
    scores = (
        _detect(course),
        _diagnose(evidence, answers),
        _mitigate(course, length),
        _resolve(course),
        _communicate(course, notes, account),
    )
    cost = sum(hint.cost for hint in hints)
    total = max(0, sum(one.points for one in scores) - cost)
    return ScoreTable(scores=scores, hints=cost, total=total, of=SKILL * len(scores))


def _falling(value: float, full: float, zero: float) -> int:
    """Return 20 up to `full`, 0 from `zero` on, and evenly less between."""
    share = (zero - value) / (zero - full) if zero > full else float(value <= full)
    return round(SKILL * max(0.0, min(1.0, share)))


def _detect(course: Course) -> Score:
    at = course.since(course.detected)
    if course.severity == "no incident":
        return _score("detect", 0, "You declared that there was no incident; users suffered.")
    if at is None:
        return _score("detect", 0, "You neither declared a severity nor acknowledged an alert.")
    told = f"Declared or acknowledged after {duration(at)}"
    alert = course.since(course.alerted)
    if alert is not None:
        sooner = "after" if at >= alert else "before"
        told += f", {duration(abs(at - alert))} {sooner} the first alert"
    return _score("detect", _falling(at, _PROMPT, _LATE), f"{told}.")


def _diagnose(evidence: Sequence[EvidenceLine], answers: Sequence[Answer]) -> Score:
    kinds = [kind for kind in _KINDS if any(line.shows == kind for line in evidence)]
    seen = [k for k in kinds if any(e.shows == k and e.seen_at is not None for e in evidence)]
    right = sum(answer.right is True for answer in answers)
    for_answers = _WRITE_UP if kinds else SKILL
    for_evidence = _EVIDENCE if answers else SKILL
    points = for_answers * right / len(answers) if answers else 0.0
    points += for_evidence * len(seen) / len(kinds) if kinds else 0.0
    told = []
    if answers:
        given = any(answer.right is not None for answer in answers)
        facets = f"{right} of {len(answers)} parts of the cause named right"
        told.append(facets if given else "No write-up")
    if kinds:
        missed = [kind for kind in kinds if kind not in seen]
        told.append("saw " + (", ".join(seen) or "none of the evidence"))
        if missed and seen:
            told.append("did not see " + ", ".join(missed))
    return _score("diagnose", round(points), "; ".join(told).capitalize() + ".")


def _mitigate(course: Course, length: float) -> Score:
    at = course.since(course.mitigated)
    if at is None:
        return _score("mitigate", 0, "Users were not well at the end.")
    told = f"Users were well again after {duration(at)} of {duration(length)}"
    if course.relapses:
        told += f", after {counted(course.relapses, 'relapse')}"
    return _score("mitigate", _falling(at, length / 4, length), f"{told}.")


def _resolve(course: Course) -> Score:
    if course.resolved is not None:
        after = duration(course.since(course.resolved))
        return _score("resolve", SKILL, f"The cause was gone after {after}.")
    if course.mitigated is not None:
        return _score("resolve", _MITIGATED_ONLY, "Users were well; the cause was still there.")
    if course.faulty:
        return _score("resolve", 0, "The cause was still there at the end.")
    return _score("resolve", 0, "The cause was gone at the end, but users were not yet well.")


def _communicate(course: Course, notes: int, account: str) -> Score:
    parts = (
        (6 if course.severity else 0, "a severity"),
        (4 if course.acknowledged is not None else 0, "an acknowledged alert"),
        (3 * min(notes, 2), counted(notes, "note")),
        (4 if account.strip() else 0, "a write-up in your own words"),
    )
    done = [words for points, words in parts if points]
    missing = [words for points, words in parts if not points and not words.startswith("0")]
    if not notes:
        missing.append("notes")
    told = "There was " + (", ".join(done) if done else "nothing")
    if missing:
        told += "; missing: " + ", ".join(missing)
    return _score("communicate", sum(points for points, _ in parts), f"{told}.")


def _score(skill: str, points: int, reason: str) -> Score:
    return Score.model_validate({"skill": skill, "points": points, "of": SKILL, "reason": reason})
