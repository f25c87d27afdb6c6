from __future__ import annotations

import pytest

from obstack_lab.load.ledger import Outcome
from obstack_lab.review.journal import ActionEntry, AlertEntry, PhaseEntry


def lost_between(ledger, run, start, end) -> int:
    return sum(
        entry.outcome is not Outcome.GOOD and start <= entry.intended - run.started_at < end
        for entry in ledger
    )


def test_each_part_is_counted_from_the_ledger(judge, ledger, run) -> None:
    toll = judge().impact
    assert (toll.before.success_ratio, toll.before.seconds) == (1, 60)
    assert toll.during.seconds == 150 - 15
    assert toll.during.requests_lost == lost_between(ledger, run, 0, 135) > 400
    assert toll.during.success_ratio == pytest.approx(
        1 - toll.during.requests_lost / toll.during.requests
    )
    assert toll.after is not None
    assert (toll.after.success_ratio, toll.after.downtime) == (1, 0)
    assert toll.whole.requests == toll.during.requests + toll.after.requests
    assert 105 <= toll.whole.downtime <= 112
    assert toll.whole.users_affected <= toll.users == 200


def test_a_run_that_ends_as_soon_as_it_is_mitigated_has_an_after(judge, run) -> None:
    after = judge(ended_at=run.started_at + 150.01).impact.after
    assert after is not None
    assert (after.seconds, after.success_ratio) == (15.01, 1)


def test_without_mitigation_there_is_no_after(judge, journal) -> None:
    kept = [
        e
        for e in journal
        if not (isinstance(e, PhaseEntry) and e.phase in {"mitigated", "resolved"})
    ]
    toll = judge(journal=kept).impact
    assert toll.after is None
    assert toll.during == toll.whole


def test_the_series_is_the_ledger_second_by_second(judge, ledger, run) -> None:
    series = judge().series
    assert series.start == -60
    assert len(series.requests) == len(series.good) == len(series.p95) == len(series.down) == 300
    assert sum(series.requests) == sum(e.intended < run.ended_at for e in ledger)
    assert series.down[60 + 50] is True
    assert series.down[60 + 200] is False


def test_what_if_takes_off_exactly_what_was_lost_meanwhile(judge, ledger, run) -> None:
    review = judge()
    assert [one.at for one in review.what_if] == [33, 40, 66]
    for one in review.what_if:
        assert one.instead_of == review.impact.whole.requests_lost
        assert one.requests_lost == one.instead_of - lost_between(ledger, run, one.at, 126)
        assert one.downtime < one.downtime_instead_of
    sentence = review.what_if[0].sentence
    assert sentence.startswith("Had you applied your remedy at the first alert (after 33 s), ")
    assert f"{review.what_if[0].requests_lost} requests would have been lost" in sentence


def test_without_a_remedy_what_if_is_the_best_case(judge, journal) -> None:
    kept = [
        e
        for e in journal
        if not isinstance(e, ActionEntry)
        and not (isinstance(e, PhaseEntry) and e.phase in {"mitigated", "resolved"})
    ]
    review = judge(journal=kept)
    assert "a remedy at the first alert (after 33 s), at best" in review.what_if[0].sentence


def test_who_acted_at_once_is_told_no_what_if(judge, journal, run) -> None:
    at_once = [
        e.model_copy(update={"at": run.started_at + 30}) if isinstance(e, ActionEntry) else e
        for e in journal
        if not (isinstance(e, AlertEntry) and e.state == "acknowledged")
    ]
    assert judge(journal=at_once).what_if == ()


def test_an_empty_ledger_makes_a_review_all_the_same(judge) -> None:
    review = judge(ledger=[])
    assert review.impact.whole.requests == 0
    assert review.impact.whole.success_ratio is None
    assert review.impact.whole.downtime == 0
