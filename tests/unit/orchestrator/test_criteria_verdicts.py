"""Criteria: pass, fail, or inconclusive; never a pass for want of data."""

from __future__ import annotations

import math

import pytest
from orchestrator_stage import FakeClock, FakeMetrics, Lab

from obstack_lab.orchestrator.criterion import CriterionJudge, Target, freshness
from obstack_lab.orchestrator.views import CriterionView
from obstack_lab.scenario.model import Criterion


def judge(*, hold: float = 10, target: str = ">= 0.99") -> CriterionJudge:
    return CriterionJudge(
        Criterion(
            id="success",
            title="Answered well",
            query="sum(rate(good_total[10s]))",
            target=target,
            hold=hold,
            min_traffic=20,
            traffic_query="sum(requests_in_window)",
        )
    )


def judged(
    judge: CriterionJudge, metrics: FakeMetrics, clock: FakeClock, seconds: int
) -> CriterionView:
    for _ in range(seconds):
        clock.now += 1
        judge.judge(metrics, clock.now)
    return judge.view


@pytest.fixture
def metrics(clock: FakeClock) -> FakeMetrics:
    return FakeMetrics(clock)


def test_a_target_that_holds_long_enough_passes(metrics: FakeMetrics, clock: FakeClock) -> None:
    one = judge()
    assert judged(one, metrics, clock, 10).verdict == "inconclusive"
    assert judged(one, metrics, clock, 1).verdict == "pass"


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        ({"success": ()}, "found nothing"),
        ({"success": (math.nan,)}, "not a number"),
        ({"success": (math.inf,)}, "not a number"),
        ({"success": (1.0, math.nan)}, "not a number"),
        ({"age": 30.0}, "30 s old"),
        ({"fresh": False}, "no fresh sample"),
        ({"traffic": (3.0,)}, "too little traffic: 3 of 20 requests"),
        ({"traffic": ()}, "no traffic"),
        ({"traffic": (math.nan,)}, "no traffic"),
        ({"broken": "parse error"}, "the query failed: parse error"),
        ({"away": True}, "does not answer"),
    ],
)
def test_want_of_data_is_inconclusive_and_says_why(
    metrics: FakeMetrics, clock: FakeClock, trouble: dict[str, object], reason: str
) -> None:
    one = judge()
    assert judged(one, metrics, clock, 20).verdict == "pass"
    for name, value in trouble.items():
        setattr(metrics, name, value)
    seen = judged(one, metrics, clock, 1)
    assert (seen.verdict, seen.held) == ("inconclusive", 0)
    assert reason in seen.reason
    assert judged(one, metrics, clock, 60).verdict == "inconclusive"


def test_a_break_in_the_data_begins_the_hold_anew(metrics: FakeMetrics, clock: FakeClock) -> None:
    one = judge()
    judged(one, metrics, clock, 8)
    metrics.success = ()
    judged(one, metrics, clock, 1)
    metrics.success = (1.0,)
    assert judged(one, metrics, clock, 10).verdict != "pass"
    assert judged(one, metrics, clock, 1).verdict == "pass"


def test_seconds_in_which_nobody_judged_are_not_held(
    metrics: FakeMetrics, clock: FakeClock
) -> None:
    one = judge()
    judged(one, metrics, clock, 3)
    clock.now += 30
    assert judged(one, metrics, clock, 1).verdict != "pass"


def test_a_missed_target_fails_at_once_and_recovers_after_the_hold(
    metrics: FakeMetrics, clock: FakeClock
) -> None:
    one = judge()
    judged(one, metrics, clock, 12)
    metrics.success = (0.5,)
    assert judged(one, metrics, clock, 1).verdict == "fail"
    metrics.success = (1.0,)
    recovering = judged(one, metrics, clock, 10)
    assert (recovering.verdict, recovering.held) == ("fail", 9)
    assert judged(one, metrics, clock, 1).verdict == "pass"


@pytest.mark.parametrize(
    ("target", "values", "verdict"),
    [
        (">= 0.99", (1.0, 0.2), "fail"),
        ("<= 0.8", (0.1, 0.9), "fail"),
        ("< 5", (5.0,), "fail"),
        ("> 5", (6.0, 7.0), "pass"),
        ("== 1", (1.0, 0.0), "fail"),
    ],
)
def test_of_several_series_the_worst_one_counts(
    metrics: FakeMetrics, clock: FakeClock, target: str, values: tuple[float, ...], verdict: str
) -> None:
    metrics.success = values
    assert judged(judge(target=target), metrics, clock, 12).verdict == verdict


def test_a_target_is_parsed_with_or_without_a_space() -> None:
    assert Target.parse(">=0.99") == Target(">=", 0.99)
    assert Target.parse("< -2") == Target("<", -2.0)


def test_freshness_asks_for_the_samples_behind_the_query() -> None:
    query = 'sum(rate(a_total{route="/x/{id}[1]", code=~"5.."}[10s])) / sum(increase(b_total [1m]))'
    assert freshness(query) == (
        'max(timestamp(a_total{route="/x/{id}[1]", code=~"5.."}) or timestamp(b_total))'
    )
    assert freshness("vector(1)") == "max(timestamp(up))"


def test_without_users_nothing_passes(lab: Lab) -> None:
    play = lab.begin()
    assert play.judges[0].view.verdict == "pass"
    lab.impact.view = lab.impact.view.model_copy(update={"rate": 0.0})
    lab.pass_time(1)
    assert play.judges[0].view.verdict == "inconclusive"
    assert "no user has come" in play.judges[0].view.reason


def test_a_prometheus_that_is_away_is_asked_once_a_second(lab: Lab) -> None:
    lab.start()
    lab.metrics.away = True
    lab.metrics.asked = 0
    lab.pass_time(1)
    assert lab.metrics.asked == 1
