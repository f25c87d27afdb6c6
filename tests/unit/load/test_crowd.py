from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise

import pytest

from obstack_lab.errors import UsageError
from obstack_lab.load.crowd import Crowd, user_names
from obstack_lab.load.schedule import Schedule
from obstack_lab.scenario.model import Journey, Load, LoadPhase

BROWSE = Journey(id="browse", weight=3, steps=("catalogue", "product", "product"))
BUY = Journey(id="buy", weight=1, steps=("product", "place-order", "read-order"))


def load(*journeys: Journey, users: int = 200) -> Load:
    return Load(users=users, journeys=journeys or (BROWSE, BUY), phases=(LoadPhase(rate=20),))


def acts(seed: int = 5, seconds: float = 300, users: int = 200) -> list[tuple[object, ...]]:
    crowd = Crowd(load(users=users), seed=seed)
    schedule = Schedule([LoadPhase(rate=20)], seed=seed)
    return [
        (i.seq, i.at, i.walk.user, i.walk.journey.id, i.step.name, i.choice, id(i.walk))
        for i in crowd.acts(schedule.until(seconds))
    ]


def test_the_same_seed_gives_the_same_users_journeys_and_parameters() -> None:
    first, second = ([act[:-1] for act in acts()] for _ in range(2))
    assert first == second
    assert [act[2] for act in acts(seed=6)] != [act[2] for act in first]


def test_users_walk_their_journeys_in_order_with_time_to_think() -> None:
    walks = defaultdict(list)
    for _, at, user, journey, step, _, walk in acts():
        walks[walk].append((at, user, journey, step))
    whole = [steps for steps in walks.values() if len(steps) == 3]
    assert len(whole) > 1000
    for steps in whole:
        journey = {"browse": BROWSE, "buy": BUY}[steps[0][2]]
        assert tuple(step for *_, step in steps) == journey.steps
        assert len({user for _, user, *_ in steps}) == 1
        assert all(b[0] - a[0] >= 1 for a, b in pairwise(steps))


def test_journeys_are_mixed_by_their_weight() -> None:
    journeys = Counter(act[3] for act in acts(seconds=1000))
    assert journeys["browse"] / journeys["buy"] == pytest.approx(3, rel=0.1)


def test_a_user_walks_one_journey_at_a_time_and_all_users_come() -> None:
    walks = defaultdict(set)
    users = set()
    for _, at, user, *_, walk in acts():
        users.add(user)
        walks[user].add((at, walk))
    assert len(users) == 200
    for seen in walks.values():
        order = [walk for _, walk in sorted(seen)]
        assert len(set(order)) == sum(a != b for a, b in zip([None, *order], order, strict=False))


def test_too_few_users_for_the_rate_hurry_instead_of_sending_less() -> None:
    assert len(acts(users=3)) == len(acts(users=200))


def test_a_step_nobody_knows_and_one_without_what_it_needs_are_refused() -> None:
    with pytest.raises(UsageError, match=r"'dance' that the load does not know\. Known: catalogue"):
        Crowd(load(Journey(id="odd", weight=1, steps=("dance",))), seed=1)
    with pytest.raises(UsageError, match="'read-order' needs 'place-order' somewhere before it"):
        Crowd(load(Journey(id="odd", weight=1, steps=("read-order", "place-order"))), seed=1)


def test_names_are_fixed_width() -> None:
    assert user_names(2) == ("u0001", "u0002")
    assert user_names(10_000)[0] == "u00001"
