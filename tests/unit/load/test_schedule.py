from __future__ import annotations

from itertools import pairwise

import pytest

from obstack_lab.load.schedule import Schedule, lay_out
from obstack_lab.scenario.model import LoadPhase


def arrivals(*phases: LoadPhase, seed: int = 1, until: float = 100) -> list[float]:
    return list(Schedule(phases, seed=seed).until(until))


def test_the_same_seed_gives_the_same_arrivals_however_they_are_asked_for() -> None:
    phases = (LoadPhase(rate=20, lasts=30), LoadPhase(pattern="ramp", rate=40))
    at_once = arrivals(*phases)
    bit_by_bit = Schedule(phases, seed=1)
    pieces = [at for moment in range(1, 401) for at in bit_by_bit.until(moment / 4)]
    assert pieces == at_once
    assert arrivals(*phases, seed=2) != at_once


def test_arrivals_are_ordered_and_as_many_as_the_rate_says() -> None:
    times = arrivals(LoadPhase(rate=50), until=200)
    assert times == sorted(times)
    assert len(times) == pytest.approx(10_000, rel=0.04)


def test_gaps_are_exponential_not_regular() -> None:
    times = arrivals(LoadPhase(rate=50), until=200)
    gaps = [b - a for a, b in pairwise(times)]
    mean = sum(gaps) / len(gaps)
    spread = sum((gap - mean) ** 2 for gap in gaps) / len(gaps)
    assert spread**0.5 == pytest.approx(mean, rel=0.1)


@pytest.mark.parametrize(
    ("phases", "expected"),
    [
        ([LoadPhase(rate=20)], {0: 20, 99: 20}),
        (
            [LoadPhase(rate=10, lasts=10), LoadPhase(pattern="ramp", rate=30, lasts=20)],
            {5: 10, 10: 10, 20: 20, 30: 30, 60: 30},
        ),
        (
            [LoadPhase(rate=10, lasts=10), LoadPhase(pattern="ramp", rate=30, period=10)],
            {15: 20, 20: 30, 90: 30},
        ),
        (
            [
                LoadPhase(rate=10, lasts=10),
                LoadPhase(pattern="spike", rate=60, lasts=20),
                LoadPhase(pattern="ramp", rate=20, lasts=10),
            ],
            {10: 10, 11: 35, 12: 60, 20: 60, 28: 60, 29: 35, 35: 15, 50: 20},
        ),
        (
            [LoadPhase(pattern="sine", rate=20, period=40, amplitude=0.5)],
            {0: 20, 10: 30, 20: 20, 30: 10, 50: 30},
        ),
        (
            [LoadPhase(pattern="replay", rate=1, rates=(5, 0, 7))],
            {0: 5, 1: 0, 2.5: 7, 3: 5, 5: 7},
        ),
    ],
    ids=["steady", "ramp", "last ramp", "spike", "sine", "replay"],
)
def test_a_pattern_has_its_shape(phases: list[LoadPhase], expected: dict[float, float]) -> None:
    schedule = Schedule(phases, seed=1)
    assert {at: schedule.rate(at) for at in expected} == pytest.approx(expected, abs=1e-6)


def test_replay_sends_nobody_in_a_second_without_a_rate() -> None:
    times = arrivals(LoadPhase(pattern="replay", rate=1, rates=(50, 0)), until=20)
    assert times
    assert all(int(at) % 2 == 0 for at in times)


def test_another_phase_takes_over_at_the_horizon_and_moves_the_same_draws() -> None:
    changed, plain = (Schedule([LoadPhase(rate=20)], seed=1) for _ in range(2))
    before = list(changed.until(10))
    changed.replace(LoadPhase(rate=40))
    after = list(changed.until(20))
    steady = list(plain.until(30))
    assert before == [at for at in steady if at < 10]
    assert len(after) == pytest.approx(400, rel=0.15)
    late = [at for at in steady if at >= 10][: len(after)]
    assert [10 + (at - 10) / 2 for at in late] == pytest.approx(after)


def test_a_ramp_asked_for_later_begins_at_the_rate_of_that_moment() -> None:
    schedule = Schedule([LoadPhase(rate=20)], seed=1)
    list(schedule.until(10))
    schedule.replace(LoadPhase(pattern="ramp", rate=40, lasts=10))
    assert schedule.rate(15) == pytest.approx(30)


def test_a_phase_without_an_end_is_the_last() -> None:
    assert len(lay_out([LoadPhase(rate=1), LoadPhase(rate=2, lasts=3)])) == 1
