"""Who is started anew when a component ends by itself: decisions only, no process and no clock.

The words are those of OTP's supervisors. Whoever runs components shows them to `look`, carries out
the orders it returns, and says `done`.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from obstack_lab.engine.interface import UNSUPERVISED, Policy

STARTING_ORDER = (
    *("postgres", "telemetry", "prometheus", "edge", "services", "load"),
    *("exporter", "payments", "inventory", "worker", "orders", "gateway"),
)
"""Siblings in the tree, those that others need first."""

CLEAN_EXIT = "ended with exit code 0"
"""What a component's `detail` says where nothing went wrong."""

Ending = Literal["clean", "failure", "unresponsive"]


@dataclass(frozen=True)
class Member:
    """One process of a component as the supervisor sees it; one stopped on purpose is none.

    `component` is whose policy counts, `under` the node of the tree that it hangs from.
    """

    name: str
    component: str
    under: str
    ended: Ending | None = None


@dataclass(frozen=True)
class Order:
    """Start these anew, in this order, because `cause` has ended."""

    cause: str
    members: tuple[str, ...]


@dataclass
class _Case:
    """What is known of one component under supervision."""

    policy: Policy = UNSUPERVISED
    restarts: deque[float] = field(default_factory=deque)
    given_up: bool = False

    def delay(self) -> float:
        return min(self.policy.longest, self.policy.backoff * 2.0 ** len(self.restarts))

    def forget_before(self, moment: float) -> None:
        while self.restarts and self.restarts[0] <= moment:
            self.restarts.popleft()


class Supervisor:
    """Decides by policies, one a component; thread-safe."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._cases: dict[str, _Case] = {}
        self._due: dict[str, float] = {}
        self._at_work: set[str] = set()
        self._lock = threading.Lock()

    def supervise(self, component: str, policy: Policy) -> Policy:
        """Take a new policy, with a clean record; return the one before."""
        with self._lock:
            before = self._cases.get(component, _Case()).policy
            self._cases[component] = _Case(policy)
            return before

    def policy(self, component: str) -> Policy:
        """Return a component's policy."""
        with self._lock:
            return self._cases.get(component, _Case()).policy

    def given_up(self, component: str) -> bool:
        """Return whether a component has ended too often to be restarted again."""
        with self._lock:
            return self._cases.get(component, _Case()).given_up

    def clear(self) -> None:
        """Forget every policy: nothing is supervised."""
        with self._lock:
            self._cases.clear()
            self._due.clear()

    def look(self, members: Sequence[Member]) -> tuple[Order, ...]:
        """Return what to start anew now; `members` stand in the order in which they start."""
        now = self._clock()
        with self._lock:
            self._notice_those_that_run(members)
            taken = set(self._at_work)
            orders = []
            for member in members:
                if member.name in taken or not self._is_due(member, members, now):
                    continue
                group = _group(member, self._cases[member.component].policy, members)
                taken.update(_with_those_below(group, members))
                orders.append(Order(member.name, tuple(each.name for each in group)))
            for order in orders:
                self._at_work.update(order.members)
            return tuple(orders)

    def done(self, order: Order) -> None:
        """Say that an order was carried out, whatever came of it."""
        with self._lock:
            self._at_work.difference_update(order.members)
            for name in order.members:
                self._due.pop(name, None)

    def _notice_those_that_run(self, members: Sequence[Member]) -> None:
        """One that runs waits for nothing; somebody who restarts a component takes it up again."""
        ended = {member.name for member in members if member.ended}
        self._due = {name: due for name, due in self._due.items() if name in ended}
        ill = {member.component for member in members if member.ended}
        for component, case in self._cases.items():
            if case.given_up and component not in ill:
                case.given_up = False
                case.restarts.clear()

    def _is_due(self, member: Member, members: Sequence[Member], now: float) -> bool:
        """Say whether a member's restart is due, and count it."""
        case = self._cases.get(member.component)
        if case is None or not _wanted(case.policy, member.ended) or case.given_up:
            return False
        if self._comes_with(member.under, members):
            return False
        case.forget_before(now - case.policy.window)
        due = self._due.setdefault(member.name, now + case.delay())
        if now < due:
            return False
        if len(case.restarts) >= case.policy.most:
            case.given_up = True
            return False
        case.restarts.append(now)
        return True

    def _comes_with(self, parent: str, members: Iterable[Member]) -> bool:
        """Say whether a process's parent has ended, too, and brings it back itself."""
        for member in members:
            if member.name == parent:
                case = self._cases.get(member.component, _Case())
                return _wanted(case.policy, member.ended) and not case.given_up
        return False


class Streak:
    """Answers of a probe: so many failures in a row are a verdict, one good answer ends it."""

    def __init__(self, failures: int) -> None:
        self._most = failures
        self._failures = 0

    @property
    def well(self) -> bool:
        return self._failures < self._most

    def tell(self, good: bool) -> bool:  # noqa: FBT001  (an answer is nothing but good or bad)
        """Take one answer; return whether the verdict has turned."""
        before = self.well
        self._failures = 0 if good else self._failures + 1
        return self.well != before


def in_starting_order(names: Iterable[str]) -> list[str]:
    """Return names of components, those that others need first; unknown ones last."""
    last = len(STARTING_ORDER)
    return sorted(
        names,
        key=lambda name: STARTING_ORDER.index(name) if name in STARTING_ORDER else last,
    )


def _wanted(policy: Policy, ended: Ending | None) -> bool:
    if ended is None or policy.restart == "never":
        return False
    return ended != "clean" or policy.restart == "always"


def _group(member: Member, policy: Policy, members: Sequence[Member]) -> tuple[Member, ...]:
    """Return who is started anew: the strategy counts a service's instances as one."""
    siblings = [each for each in members if each.under == member.under]
    if policy.strategy == "one_for_all":
        return tuple(siblings)
    if policy.strategy == "rest_for_one":
        kin = {each.component for each in siblings[: siblings.index(member)]}
        later = siblings[siblings.index(member) + 1 :]
        rest = (each for each in later if each.component not in {*kin, member.component})
        return (member, *rest)
    return (member,)


def _with_those_below(group: Sequence[Member], members: Sequence[Member]) -> set[str]:
    names = {member.name for member in group}
    return names | {member.name for member in members if member.under in names}
