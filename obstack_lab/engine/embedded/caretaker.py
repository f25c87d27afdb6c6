"""Carries out what the supervisor decides, and asks the probes of policies."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Protocol

from obstack_lab.engine.embedded.probe import request
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Policy, Probe
from obstack_lab.engine.supervision import Ending, Member, Order, Streak, Supervisor
from obstack_lab.errors import LabError

_EVERY = 0.2
_PROBES_AT_ONCE = 8
_PATIENCE = 15.0


@dataclass(frozen=True)
class Ward:
    """A unit with its place in the tree."""

    unit: Unit
    component: str
    under: str


class Family(Protocol):
    """Who is looked after, and how one is started anew."""

    def wards(self) -> Sequence[Ward]:
        """Return every unit, in the order in which they start."""

    def start_again(self, names: Sequence[str]) -> None:
        """Stop those of these units that run, last first, and start them all in this order."""

    def ready(self, instance: str, *, ready: bool) -> None:
        """Take an instance out of the balance, or back into it."""


@dataclass
class _Watched:
    """What one probe of one process has said so far."""

    pid: int
    probe: Probe
    streak: Streak
    due: float = 0.0
    asked: Future[bool] | None = field(default=None, repr=False)


class Caretaker:
    """A thread that looks five times a second; orders and probes run in threads of their own."""

    def __init__(self, family: Family, supervisor: Supervisor, every: float = _EVERY) -> None:
        self._family = family
        self._supervisor = supervisor
        self._every = every
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None
        self._orders: list[threading.Thread] = []
        self._watched: dict[tuple[str, str], _Watched] = {}
        self.last_error: Exception | None = None

    def begin(self) -> None:
        """Look after the family from now on; a second call changes nothing."""
        if self._thread is None:
            self._stop.clear()
            self._pool = ThreadPoolExecutor(_PROBES_AT_ONCE, thread_name_prefix="obstack-probe")
            self._thread = threading.Thread(
                target=self._run, args=(self._pool,), name="obstack-caretaker", daemon=True
            )
            self._thread.start()

    def end(self) -> None:
        """Stop looking; return when no order is being carried out."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(_PATIENCE)
            self._thread = None
        for thread in self._orders:
            thread.join(_PATIENCE)
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        self._watched.clear()

    def _run(self, pool: ThreadPoolExecutor) -> None:
        while not self._stop.wait(self._every):
            try:
                self._look(pool)
            except Exception as error:  # noqa: BLE001 the care goes on, the error stays visible
                self.last_error = error

    def _look(self, pool: ThreadPoolExecutor) -> None:
        wards = self._family.wards()
        self._probe(wards, pool)
        self._orders = [thread for thread in self._orders if thread.is_alive()]
        for order in self._supervisor.look(tuple(self._members(wards))):
            thread = threading.Thread(
                target=self._carry_out,
                args=(order,),
                name=f"obstack-start-again-{order.cause}",
                daemon=True,
            )
            self._orders.append(thread)
            thread.start()

    def _members(self, wards: Iterable[Ward]) -> Iterator[Member]:
        for ward in wards:
            if ward.unit.state != "stopped":
                yield Member(ward.unit.name, ward.component, ward.under, self._ending(ward))

    def _ending(self, ward: Ward) -> Ending | None:
        watched = self._watched.get((ward.unit.name, "liveness"))
        if watched is not None and watched.pid == ward.unit.pid and not watched.streak.well:
            return "unresponsive"
        return ward.unit.ending

    def _carry_out(self, order: Order) -> None:
        try:
            self._family.start_again(order.members)
        except LabError as error:
            self.last_error = error
        finally:
            self._supervisor.done(order)

    # --- probes ---

    def _probe(self, wards: Iterable[Ward], pool: ThreadPoolExecutor) -> None:
        now = time.monotonic()
        wanted = set()
        for ward in wards:
            policy = self._supervisor.policy(ward.component)
            for kind, probe in _probes(policy):
                if ward.unit.pid is not None:
                    wanted.add((ward.unit.name, kind))
                    self._ask(ward.unit, kind, probe, pool, now)
        for key in [key for key in self._watched if key not in wanted]:
            self._forget(key)

    def _forget(self, key: tuple[str, str]) -> None:
        """Take a probe back; what it kept from requests gets them again."""
        watched = self._watched.pop(key)
        if key[1] == "readiness" and not watched.streak.well:
            self._family.ready(key[0], ready=True)

    def _ask(
        self, unit: Unit, kind: str, probe: Probe, pool: ThreadPoolExecutor, now: float
    ) -> None:
        """Take the last answer and ask again when it is time; a new process has a clean record."""
        pid = unit.pid
        if pid is None or unit.state == "starting":
            return
        key = (unit.name, kind)
        watched = self._watched.get(key)
        if watched is not None and watched.probe != probe:
            self._forget(key)
            watched = None
        if watched is None or (watched.pid != pid and kind == "liveness"):
            watched = _Watched(pid, probe, Streak(probe.failures), now + probe.every)
            self._watched[key] = watched
        watched.pid = pid
        if watched.asked is not None and watched.asked.done():
            turned = watched.streak.tell(watched.asked.result())
            watched.asked = None
            if turned and kind == "readiness":
                self._family.ready(unit.name, ready=watched.streak.well)
        if watched.asked is None and now >= watched.due:
            watched.due = now + probe.every
            watched.asked = pool.submit(_answers, unit, probe)


def _probes(policy: Policy) -> Iterator[tuple[str, Probe]]:
    if policy.liveness is not None:
        yield "liveness", policy.liveness
    if policy.readiness is not None:
        yield "readiness", policy.readiness


def _answers(unit: Unit, probe: Probe) -> bool:
    """Ask one component for a page; one that speaks no HTTP is asked in its own way."""
    if not unit.address.startswith("http"):
        return unit.state == "healthy"
    try:
        status, _ = request("GET", f"{unit.address}{probe.path}", timeout=probe.timeout)
    except (OSError, http.client.HTTPException):
        return False
    return status < 400
