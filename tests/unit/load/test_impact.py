from __future__ import annotations

import random
import time
from collections import defaultdict

import pytest

from obstack_lab.load.impact import ImpactCounter, impact_between, is_down, p95
from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.orchestrator.views import ImpactView

START = 1000.0
LOST = [Outcome.SLOW, Outcome.STATUS, Outcome.INVALID, Outcome.UNREACHABLE, Outcome.UNSENT]


@pytest.fixture
def counter(objective) -> ImpactCounter:
    return ImpactCounter(objective, users=10)


def steady(entry, start, end, outcome=Outcome.GOOD, *, rate=10, user="u0001") -> list[LedgerEntry]:
    count = round((end - start) * rate)
    return [entry(start + n / rate, outcome, user=user) for n in range(count)]


def fill(counter: ImpactCounter, *groups: list[LedgerEntry]) -> None:
    for group in groups:
        for one in group:
            counter.add(one)


def test_nothing_known_is_not_zero(counter) -> None:
    impact = counter.snapshot(START)
    assert impact.success_ratio is None
    assert impact.p95 is None
    assert (impact.rate, impact.requests, impact.downtime) == (0, 0, 0)
    assert [tile.last for tile in impact.tiles] == ["none"] * 10
    assert impact.seconds == ()


def test_ratio_rate_and_p95_are_of_the_last_ten_seconds(counter, entry) -> None:
    fill(counter, steady(entry, START, START + 20, Outcome.STATUS))
    fill(counter, steady(entry, START + 20, START + 26))
    fill(counter, steady(entry, START + 26, START + 30, Outcome.STATUS))
    impact = counter.snapshot(START + 33)
    assert impact.complete_until == START + 30.5
    assert impact.success_ratio == pytest.approx(54 / 94)
    assert impact.rate == pytest.approx(9.4)
    assert impact.p95 == pytest.approx(0.1)


@pytest.mark.parametrize("outcome", LOST)
def test_every_outcome_but_good_is_lost_and_counts_its_user(counter, entry, outcome) -> None:
    fill(counter, [entry(START, user="u0001"), entry(START + 1, outcome, user="u0002")])
    fill(counter, [entry(START + 2, outcome, user="u0002")])
    impact = counter.snapshot(START + 10)
    assert (impact.requests, impact.requests_lost, impact.users_affected) == (3, 2, 1)
    assert impact.users == 10


def test_the_newest_entries_are_not_judged_before_the_slow_ones_can_be_there(entry, objective):
    """Of each ten requests five end at once, five by giving up: half is lost, never less."""
    counter = ImpactCounter(objective, users=10)
    known = []
    for n in range(200):
        at = START + n / 10
        slow = n % 2
        one = entry(at, Outcome.SLOW if slow else Outcome.GOOD, seq=n + 1)
        known.append((at + (2 if slow else 0.01), n, one))
    now = START
    while known:
        now += 0.5
        due = sorted(item for item in known if item[0] <= now)
        known = [item for item in known if item[0] > now]
        fill(counter, [one for *_, one in due])
        impact = counter.snapshot(now)
        assert impact.complete_until <= now
        if impact.success_ratio is not None:
            assert impact.success_ratio == pytest.approx(0.5, abs=0.1)


def test_a_system_that_fails_fast_is_judged_at_once(counter, entry) -> None:
    fill(counter, steady(entry, START, START + 10))
    counter.snapshot(START + 20)
    fill(counter, steady(entry, START + 20, START + 21, Outcome.UNREACHABLE))
    impact = counter.snapshot(START + 21)
    assert impact.complete_until == pytest.approx(START + 20.9)
    assert impact.success_ratio == 0


def test_a_gap_in_the_sequence_is_waited_for_only_as_long_as_users_are_patient(counter, entry):
    counter.snapshot(START)
    fill(counter, [entry(START + 0.1 * n, seq=n) for n in range(1, 11)])
    counter.snapshot(START + 5)
    fill(counter, [entry(START + 5 + 0.1 * n, seq=n) for n in range(12, 30)])
    assert counter.snapshot(START + 8).complete_until == START + 5.5
    fill(counter, [entry(START + 8 + 0.1 * n, seq=n) for n in range(30, 40)])
    fill(counter, [entry(START + 6.1, seq=11)])
    assert counter.snapshot(START + 12).complete_until == pytest.approx(START + 11.9)


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ({10: (5, 5)}, False),
        ({10: (5, 4)}, True),
        ({10: (10, 9)}, False),
        ({10: (4, 4), 9: (1, 0)}, True),
        ({10: (5, 5), 9: (50, 0)}, False),
        ({10: (4, 4), 9: (0, 0), 8: (5, 5), 7: (9, 0)}, True),
        ({10: (1, 0), 6: (4, 4), 5: (50, 50)}, True),
        ({10: (1, 0), 5: (4, 4)}, True),
        ({10: (1, 1), 5: (3, 3), 1: (1, 1)}, False),
        ({10: (1, 0), 1: (3, 3)}, None),
        ({10: (1, 0), 1: (3, 3), 0: (99, 99)}, None),
        ({}, None),
    ],
)
def test_downtime_goes_by_the_shortest_window_that_holds_five(counts, expected) -> None:
    assert is_down(lambda second: counts.get(second, (0, 0)), 10, 0.9) is expected


def test_downtime_counts_down_seconds_since_the_incident_began(counter, entry) -> None:
    fill(counter, steady(entry, START, START + 5, Outcome.STATUS))
    fill(counter, steady(entry, START + 5, START + 10))
    counter.begin(START + 10)
    fill(counter, steady(entry, START + 10, START + 13, Outcome.STATUS))
    fill(counter, steady(entry, START + 13, START + 20))
    impact = counter.snapshot(START + 30)
    assert impact.downtime == 3
    assert (impact.requests, impact.requests_lost) == (100, 30)
    verdicts = {int(s.at - START): s.down for s in impact.seconds}
    assert [second for second, down in verdicts.items() if down] == [0, 1, 2, 3, 4, 10, 11, 12]
    assert verdicts[26] is False
    assert counter.snapshot(START + 40).seconds[-1].down is None


def test_begin_counts_what_was_intended_after_it_though_it_was_told_later(counter, entry) -> None:
    fill(counter, [entry(START, Outcome.SLOW, user="u0002")])
    fill(counter, [entry(START + 5, Outcome.SLOW, user="u0003"), entry(START + 6)])
    counter.begin(START + 4)
    fill(counter, [entry(START + 3, Outcome.SLOW, user="u0004")])
    impact = counter.snapshot(START + 8)
    assert (impact.requests, impact.requests_lost, impact.users_affected) == (2, 1, 1)
    lost = {tile.user: tile.lost for tile in impact.tiles}
    assert (lost["u0002"], lost["u0003"], lost["u0004"]) == (0, 1, 0)


def test_a_tile_shows_the_last_intended_not_the_last_told(counter, entry) -> None:
    fill(counter, [entry(START + 1), entry(START, Outcome.SLOW)])
    tile = counter.snapshot(START + 5).tiles[0]
    assert (tile.last, tile.lost) == ("good", 1)


def test_the_order_of_entries_does_not_matter(entry, objective) -> None:
    rng = random.Random(3)  # noqa: S311 - a test
    entries = [
        entry(
            START + rng.random() * 60,
            rng.choice([Outcome.GOOD] * 8 + LOST),
            user=f"u{rng.randint(1, 10):04d}",
            latency=rng.random(),
        )
        for _ in range(900)
    ]
    snapshots = []
    for _ in range(3):
        counter = ImpactCounter(objective, users=10)
        rng.shuffle(entries)
        for n, one in enumerate(entries):
            counter.add(one)
            if n % 100 == 0:
                counter.snapshot(START + 62)
        snapshots.append(counter.snapshot(START + 70))
    assert snapshots[0].downtime > 0
    assert snapshots[0] == snapshots[1] == snapshots[2]


def test_the_running_count_agrees_with_the_ledger_read_again(entry, objective) -> None:
    rng = random.Random(4)  # noqa: S311 - a test
    entries = [
        entry(
            START + n / 7 + rng.random(),
            Outcome.SLOW if 200 < n < 400 and rng.random() < 0.5 else Outcome.GOOD,
            user=f"u{rng.randint(1, 10):04d}",
        )
        for n in range(700)
    ]
    counter = ImpactCounter(objective, users=10)
    fill(counter, entries)
    running = counter.snapshot(START + 110, seconds=0)
    again = impact_between(entries, START, START + 107, objective=objective.success_ratio)
    assert running.downtime == again.downtime > 0
    assert running.requests_lost == again.requests_lost
    assert running.users_affected == again.users_affected
    assert running.requests == again.requests == 700


def test_figures_of_a_stretch_leave_out_the_rest(entry) -> None:
    entries = steady(entry, START, START + 10) + steady(
        entry, START + 10, START + 20, Outcome.SLOW, user="u0002"
    )
    before = impact_between(entries, START, START + 10)
    during = impact_between(entries, START + 10, START + 20)
    assert (before.success_ratio, before.requests_lost, before.downtime) == (1, 0, 0)
    assert (during.success_ratio, during.users_affected, during.downtime) == (0, 1, 10)
    nothing = impact_between(entries, START + 50, START + 60)
    assert (nothing.success_ratio, nothing.p95, nothing.downtime) == (None, None, 0)


def test_p95_is_the_nearest_rank_and_leaves_out_who_got_no_answer(counter, entry) -> None:
    assert p95(range(1, 101)) == 95
    assert p95([3.0]) == 3.0
    assert p95([]) is None
    fill(counter, [entry(START + n / 10, latency=0.2) for n in range(20)])
    fill(counter, [entry(START + 1, Outcome.UNREACHABLE, latency=0.001) for n in range(500)])
    assert counter.snapshot(START + 5).p95 == 0.2


def test_the_desk_can_show_a_snapshot(counter, entry) -> None:
    fill(counter, steady(entry, START, START + 10))
    impact = counter.snapshot(START + 15)
    view = ImpactView.model_validate(impact, from_attributes=True)
    assert view.requests == 100
    assert len(view.seconds) == len(impact.seconds) == 12
    assert view.tiles[0].last == "good"


def test_a_long_run_is_counted_in_no_time(entry, objective) -> None:
    counter = ImpactCounter(objective, users=400)
    one = entry(START)
    entries = [
        one.model_copy(update={"seq": n, "intended": START + n / 80, "user": f"u{n % 400:04d}"})
        for n in range(100_000)
    ]
    took = defaultdict(list)
    for n, item in enumerate(entries):
        counter.add(item)
        if n % 80 == 79:
            begun = time.perf_counter()
            counter.snapshot(START + n / 80 + 0.2)
            took["snapshot"].append(time.perf_counter() - begun)
    assert sorted(took["snapshot"])[len(took["snapshot"]) // 2] < 0.005
