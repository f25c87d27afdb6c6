"""Who is started anew, when, and when nobody is: decided on a clock of the test's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest

from obstack_lab.engine.interface import UNSUPERVISED, Policy, RestartRule, Strategy
from obstack_lab.engine.supervision import (
    STARTING_ORDER,
    Ending,
    Member,
    Order,
    Streak,
    Supervisor,
    in_starting_order,
)

AT_ONCE = Policy(restart="on_failure", backoff=0)
PROCESSES = {
    "postgres": ("postgres", "lab"),
    "edge": ("edge", "lab"),
    "services": ("services", "lab"),
    "load": ("load", "lab"),
    "inventory-1": ("inventory", "services"),
    "orders-1": ("orders", "services"),
    "orders-2": ("orders", "services"),
    "gateway-1": ("gateway", "services"),
    "report": ("report", "jobs"),
}


@dataclass
class Stage:
    """Nine processes, their ends, and a clock."""

    now: float = 100.0
    ended: dict[str, Ending] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.supervisor = Supervisor(lambda: self.now)

    def look(self, *, carry_out: bool = True) -> tuple[Order, ...]:
        members = tuple(
            Member(name, component, under, self.ended.get(name))
            for name, (component, under) in PROCESSES.items()
            if name not in self.stopped
        )
        orders = self.supervisor.look(members)
        if carry_out:
            for order in orders:
                self.carry_out(order)
        return orders

    def carry_out(self, order: Order, *, well: bool = True) -> None:
        for name in order.members if well else ():
            self.ended.pop(name, None)
        self.supervisor.done(order)

    def looks_for(self, seconds: float, step: float = 0.1) -> list[tuple[float, Order]]:
        """Look for a while; return when each order came, and carry it out."""
        end, found = self.now + seconds, []
        while self.now <= end:
            found += [(round(self.now, 1), order) for order in self.look()]
            self.now += step
        return found


@pytest.fixture
def stage() -> Stage:
    return Stage()


def names(orders: Iterable[Order]) -> list[tuple[str, ...]]:
    return [order.members for order in orders]


def test_nothing_is_supervised_unless_somebody_says_so(stage: Stage) -> None:
    stage.ended = dict.fromkeys(PROCESSES, "failure")
    assert stage.looks_for(200, step=1) == []
    assert stage.supervisor.policy("orders") == UNSUPERVISED
    assert not stage.supervisor.given_up("orders")


@pytest.mark.parametrize(
    ("rule", "ending", "comes"),
    [
        ("never", "failure", False),
        ("never", "clean", False),
        ("never", "unresponsive", False),
        ("on_failure", "failure", True),
        ("on_failure", "clean", False),
        ("on_failure", "unresponsive", True),
        ("always", "failure", True),
        ("always", "clean", True),
        ("always", "unresponsive", True),
    ],
)
def test_the_rule_says_after_which_end_one_comes_back(
    stage: Stage, rule: RestartRule, ending: Ending, *, comes: bool
) -> None:
    stage.supervisor.supervise("postgres", Policy(restart=rule, backoff=0))
    stage.ended["postgres"] = ending
    assert names(stage.look()) == ([("postgres",)] if comes else [])


@pytest.mark.parametrize(
    ("strategy", "ended", "anew"),
    [
        ("one_for_one", "orders-1", ("orders-1",)),
        ("one_for_one", "inventory-1", ("inventory-1",)),
        ("one_for_all", "orders-1", ("inventory-1", "orders-1", "orders-2", "gateway-1")),
        ("one_for_all", "gateway-1", ("inventory-1", "orders-1", "orders-2", "gateway-1")),
        ("one_for_all", "edge", ("postgres", "edge", "services", "load")),
        ("rest_for_one", "inventory-1", ("inventory-1", "orders-1", "orders-2", "gateway-1")),
        ("rest_for_one", "orders-1", ("orders-1", "gateway-1")),
        ("rest_for_one", "orders-2", ("orders-2", "gateway-1")),
        ("rest_for_one", "gateway-1", ("gateway-1",)),
        ("rest_for_one", "edge", ("edge", "services", "load")),
        ("one_for_all", "report", ("report",)),
    ],
)
def test_the_strategy_says_who_comes_along(
    stage: Stage, strategy: Strategy, ended: str, anew: tuple[str, ...]
) -> None:
    component, _ = PROCESSES[ended]
    stage.supervisor.supervise(component, Policy("on_failure", strategy, backoff=0))
    stage.ended[ended] = "failure"
    assert names(stage.look()) == [anew]
    assert stage.look() == ()


def test_one_that_was_stopped_on_purpose_does_not_come_along(stage: Stage) -> None:
    stage.supervisor.supervise("inventory", Policy("on_failure", "one_for_all", backoff=0))
    stage.stopped.add("gateway-1")
    stage.ended["inventory-1"] = "failure"
    assert names(stage.look()) == [("inventory-1", "orders-1", "orders-2")]


def test_who_comes_along_is_not_ordered_twice(stage: Stage) -> None:
    for component in ("inventory", "orders", "gateway"):
        stage.supervisor.supervise(component, Policy("on_failure", "one_for_all", backoff=0))
    stage.ended = {"inventory-1": "failure", "orders-1": "failure", "gateway-1": "failure"}
    assert [order.cause for order in stage.look()] == ["inventory-1"]


def test_children_wait_for_a_parent_that_comes_back_itself(stage: Stage) -> None:
    stage.supervisor.supervise("services", Policy("on_failure", backoff=2))
    stage.supervisor.supervise("orders", AT_ONCE)
    stage.ended = {"services": "failure", "orders-1": "failure"}
    assert stage.look() == (), "it comes with its parent, which waits"
    stage.now += 2
    assert names(stage.look(carry_out=False)) == [("services",)]


def test_children_come_back_alone_where_their_parent_is_not_supervised(stage: Stage) -> None:
    stage.supervisor.supervise("orders", AT_ONCE)
    stage.ended = {"services": "failure", "orders-1": "failure"}
    assert names(stage.look()) == [("orders-1",)]


def test_each_restart_waits_twice_as_long_up_to_the_longest(stage: Stage) -> None:
    stage.supervisor.supervise(
        "edge", Policy("on_failure", backoff=1, longest=4, most=9, window=1000)
    )
    waits = []
    for _ in range(5):
        stage.ended["edge"] = "failure"
        died = stage.now
        ((came, _),) = stage.looks_for(5)
        waits.append(round(came - died))
    assert waits == [1, 2, 4, 4, 4]


def test_a_quiet_window_makes_the_first_wait_short_again(stage: Stage) -> None:
    stage.supervisor.supervise("edge", Policy("on_failure", backoff=1, most=9, window=20))
    for _ in range(3):
        stage.ended["edge"] = "failure"
        stage.looks_for(9)
    stage.now += 20
    stage.ended["edge"] = "failure"
    died = stage.now
    ((came, _),) = stage.looks_for(9)
    assert came - died == pytest.approx(1, abs=0.2)


def test_it_gives_up_after_so_many_restarts_in_the_window(stage: Stage) -> None:
    stage.supervisor.supervise("edge", Policy("on_failure", backoff=0, most=3, window=60))
    for _ in range(3):
        stage.ended["edge"] = "failure"
        assert len(stage.look()) == 1
        stage.now += 1
    stage.ended["edge"] = "failure"
    assert stage.looks_for(120, step=1) == []
    assert stage.supervisor.given_up("edge")


def test_none_at_all_may_be_allowed(stage: Stage) -> None:
    stage.supervisor.supervise("edge", Policy("on_failure", backoff=0, most=0))
    stage.ended["edge"] = "failure"
    assert stage.look() == ()
    assert stage.supervisor.given_up("edge")


def test_slow_enough_crashes_are_healed_for_ever(stage: Stage) -> None:
    stage.supervisor.supervise("edge", Policy("on_failure", backoff=0, most=2, window=10))
    for _ in range(20):
        stage.ended["edge"] = "failure"
        assert len(stage.look()) == 1
        stage.now += 6
    assert not stage.supervisor.given_up("edge")


def test_who_restarts_one_that_was_given_up_takes_it_up_again(stage: Stage) -> None:
    stage.supervisor.supervise("edge", Policy("on_failure", backoff=0, most=1))
    for _ in range(2):
        stage.ended["edge"] = "failure"
        stage.look()
    assert stage.supervisor.given_up("edge")
    stage.ended.clear()
    stage.look()
    assert not stage.supervisor.given_up("edge")
    stage.ended["edge"] = "failure"
    assert len(stage.look()) == 1


def test_a_new_policy_has_a_clean_record_and_the_old_one_is_told(stage: Stage) -> None:
    first = Policy("on_failure", backoff=0, most=0)
    assert stage.supervisor.supervise("edge", first) == UNSUPERVISED
    stage.ended["edge"] = "failure"
    stage.look()
    assert stage.supervisor.supervise("edge", AT_ONCE) == first
    assert len(stage.look()) == 1


def test_what_is_being_started_is_not_ordered_again(stage: Stage) -> None:
    stage.supervisor.supervise("orders", AT_ONCE)
    stage.ended["orders-1"] = "failure"
    (order,) = stage.look(carry_out=False)
    stage.now += 30
    assert stage.look(carry_out=False) == ()
    stage.carry_out(order, well=False)
    assert stage.looks_for(10), "it ended while it was started: once more"


def test_a_failed_start_counts_as_a_restart(stage: Stage) -> None:
    stage.supervisor.supervise("orders", Policy("on_failure", backoff=0, most=4, window=1000))
    stage.ended["orders-1"] = "failure"
    orders = 0
    for _ in range(50):
        for order in stage.look(carry_out=False):
            orders += 1
            stage.carry_out(order, well=False)
        stage.now += 1
    assert orders == 4
    assert stage.supervisor.given_up("orders")


def test_instances_come_back_one_by_one_and_share_one_record(stage: Stage) -> None:
    stage.supervisor.supervise("orders", Policy("on_failure", backoff=0, most=2, window=60))
    stage.ended = {"orders-1": "failure", "orders-2": "failure"}
    assert names(stage.look()) == [("orders-1",), ("orders-2",)]
    stage.ended = {"orders-1": "failure"}
    assert stage.look() == ()
    assert stage.supervisor.given_up("orders")


def test_clear_takes_every_policy_back(stage: Stage) -> None:
    stage.supervisor.supervise("orders", AT_ONCE)
    stage.supervisor.clear()
    stage.ended["orders-1"] = "failure"
    assert stage.look() == ()
    assert stage.supervisor.policy("orders") == UNSUPERVISED


def test_so_many_failures_in_a_row_are_a_verdict_and_one_answer_ends_it() -> None:
    streak = Streak(3)
    told = [streak.tell(good) for good in (False, False, True, False, False)]
    assert (told, streak.well) == ([False] * 5, True)
    assert streak.tell(False)
    assert not streak.well
    assert not streak.tell(False), "the verdict stands already"
    assert streak.tell(True)
    assert streak.well


def test_those_that_others_need_start_first() -> None:
    assert in_starting_order(["gateway", "stranger", "orders", "inventory"]) == [
        *("inventory", "orders", "gateway", "stranger")
    ]
    assert in_starting_order(reversed(STARTING_ORDER)) == list(STARTING_ORDER)
