from __future__ import annotations

import pytest

from obstack_lab.review.journal import (
    AlertEntry,
    DeclareEntry,
    HintEntry,
    NoteEntry,
    QueryEntry,
    WriteUpEntry,
)

SYMPTOM = 'rate(http_server_request_duration_seconds_count{service_name="gateway"}[30s])'


def query(run, at=50.0, text=SYMPTOM, language="promql", **more):
    return QueryEntry(at=run.started_at + at, language=language, query=text, **more)


def without(journal, *kinds):
    return [entry for entry in journal if not isinstance(entry, kinds)]


def points(review) -> dict[str, int]:
    return {one.skill: one.points for one in review.scores.scores}


def test_evidence_is_seen_by_the_first_query_that_holds_all_its_words(judge) -> None:
    seen = {line.id: (line.seen_at, line.seen_by) for line in judge().evidence}
    assert seen["orders-fail"][0] == 45
    assert "gateway" in seen["orders-fail"][1]
    assert seen["queue"] == (71, "db_client_connection_pending_requests")
    assert seen["calls-before-the-commit"] == (None, "")


@pytest.mark.parametrize(
    "change",
    [
        {"at": -5.0},
        {"at": 500.0},
        {"language": "logql"},
        {"status": 400},
        {"rows": 0},
        {"text": "http_server_request_duration_seconds_count"},
        {"client": "desk"},
    ],
    ids=[
        "before",
        "after",
        "other language",
        "refused",
        "empty",
        "a word is missing",
        "a desk that draws itself anew",
    ],
)
def test_a_query_that_could_not_show_it_does_not_count(judge, journal, run, change) -> None:
    quiet = without(journal, QueryEntry)
    assert judge(journal=[*quiet, query(run)]).evidence[0].seen_at == 50
    assert judge(journal=[*quiet, query(run, **change)]).evidence[0].seen_at is None


def test_what_was_not_seen_comes_with_the_query_in_one_line(judge, journal) -> None:
    line = judge(journal=without(journal, QueryEntry)).evidence[0]
    assert line.query == "sum(rate(http_server_request_duration_seconds_count [15s]))"


def test_the_last_write_up_is_held_against_the_truth(judge, journal, run) -> None:
    facets = {answer.facet: answer for answer in judge().answers}
    assert facets["component"].right is True
    assert (facets["mechanism"].right, facets["mechanism"].chosen) == (False, "Slow queries")
    assert facets["mechanism"].truth == ("Connections kept too long",)
    assert (facets["trigger"].right, facets["trigger"].chosen) == (None, "")
    better = WriteUpEntry(
        at=run.started_at + 230,
        answers={"component": "orders", "mechanism": "kept", "trigger": "release"},
    )
    review = judge(journal=[*journal, better])
    assert all(answer.right for answer in review.answers)
    assert review.account == ""


def test_points_of_the_made_up_run(judge) -> None:
    review = judge()
    assert points(review) == {
        "detect": 20,
        "diagnose": 9,
        "mitigate": 20,
        "resolve": 20,
        "communicate": 17,
    }
    assert (review.scores.hints, review.scores.total, review.scores.of) == (10, 76, 100)


def test_who_did_nothing_has_nothing(judge, journal, run) -> None:
    left = [entry for entry in journal if entry.kind in {"message", "alert", "fault"}]
    left = [e for e in left if not (isinstance(e, AlertEntry) and e.state == "acknowledged")]
    review = judge(journal=left)
    assert set(points(review).values()) == {0}
    assert review.scores.total == 0


@pytest.mark.parametrize(("at", "expected"), [(60, 20), (180, 10), (300, 0), (1000, 0)])
def test_detection_is_worth_less_the_later_it_comes(judge, journal, run, at, expected) -> None:
    quiet = without(journal, DeclareEntry)
    quiet = [e for e in quiet if not (isinstance(e, AlertEntry) and e.state == "acknowledged")]
    declared = DeclareEntry(at=run.started_at + at, severity="sev1")
    review = judge(journal=[*quiet, declared], ended_at=run.started_at + 1100)
    assert points(review)["detect"] == expected


@pytest.mark.parametrize(("at", "expected"), [(300, 20), (750, 10), (1190, 0)])
def test_mitigation_is_worth_less_the_later_it_comes(judge, journal, run, at, expected) -> None:
    moved = [
        e.model_copy(update={"at": run.started_at + at})
        if e.kind == "phase" and e.phase in {"mitigated", "resolved"}
        else e
        for e in journal
    ]
    review = judge(journal=moved, ended_at=run.started_at + 1200)
    assert points(review)["mitigate"] == expected


def test_only_hints_that_were_asked_for_cost_points(judge, journal, run) -> None:
    free = [
        HintEntry(at=run.started_at + 9, number=2, text="Look.", cost=10, why=why)
        for why in ("time", "condition")
    ]
    review = judge(journal=[*journal, *free])
    assert [hint.cost for hint in review.hints] == [0, 0, 0, 10]
    assert review.scores.hints == 10


def test_hints_never_make_a_debt(judge, journal, run) -> None:
    dear = HintEntry(at=run.started_at + 9, number=2, text="All.", cost=500, why="asked")
    assert judge(journal=[*journal, dear]).scores.total == 0


def test_a_second_note_counts_and_a_third_does_not(judge, journal, run) -> None:
    notes = [NoteEntry(at=run.started_at + 20 + n, text="a") for n in range(2)]
    assert points(judge(journal=[*journal, notes[0]]))["communicate"] == 20
    assert points(judge(journal=[*journal, *notes]))["communicate"] == 20
