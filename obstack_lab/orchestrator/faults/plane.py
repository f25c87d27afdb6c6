"""The sealed side of a run: its injections, whether they are still there, what to take back."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import LabError, UnknownName
from obstack_lab.orchestrator.faults.certificate import CertificateDriver
from obstack_lab.orchestrator.faults.config import ConfigDriver
from obstack_lab.orchestrator.faults.credential import CredentialDriver
from obstack_lab.orchestrator.faults.environment import EnvironmentDriver
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.orchestrator.faults.network import NetworkDriver
from obstack_lab.orchestrator.faults.postgres import PostgresDriver
from obstack_lab.orchestrator.faults.process import ProcessDriver
from obstack_lab.orchestrator.faults.queue import QueueDriver
from obstack_lab.orchestrator.faults.release import ReleaseDriver
from obstack_lab.orchestrator.faults.rollout import RolloutDriver
from obstack_lab.orchestrator.faults.rush import RushDriver
from obstack_lab.orchestrator.faults.schema import SchemaDriver
from obstack_lab.orchestrator.faults.session import SessionDriver
from obstack_lab.orchestrator.faults.supervision import SupervisionDriver
from obstack_lab.orchestrator.faults.telemetry import TelemetryDriver
from obstack_lab.orchestrator.faults.traffic import TrafficDriver
from obstack_lab.orchestrator.watch import Orders
from obstack_lab.review.journal import ChangeEntry, FaultEntry
from obstack_lab.scenario.model import Inject

DRIVERS: Mapping[str, FaultDriver] = {
    driver.id: driver
    for driver in (
        CertificateDriver(),
        ConfigDriver(),
        CredentialDriver(),
        EnvironmentDriver(),
        NetworkDriver(),
        PostgresDriver(),
        ProcessDriver(),
        QueueDriver(),
        ReleaseDriver(),
        RolloutDriver(),
        RushDriver(),
        SchemaDriver(),
        SessionDriver(),
        SupervisionDriver(),
        TelemetryDriver(),
        TrafficDriver(),
    )
}
Write = Callable[[FaultEntry | ChangeEntry], object]


class FaultPlane:
    """Injects and clears through drivers; thread-safe. Errors of a driver stay in `trouble`."""

    def __init__(
        self,
        engine: Engine,
        write: Write,
        orders: Orders,
        drivers: Mapping[str, FaultDriver] = DRIVERS,
    ) -> None:
        self._engine = engine
        self._orders = orders
        self._write = write
        self._drivers = drivers
        self._active: dict[str, Injection] = {}
        self._there: dict[str, bool] = {}
        self._made: set[str] = set()
        self._lock = threading.RLock()
        self.trouble = ""
        """For the journal's reader after the end: why an injection could not be made."""

    def check(self, wanted: Inject) -> None:
        """Raise UnknownName where no driver can do it."""
        if wanted.driver not in self._drivers:
            raise UnknownName("fault driver", wanted.driver, tuple(self._drivers))

    def inject(self, wanted: Inject, now: Callable[[], float]) -> None:
        """Set a fault in; a second time changes nothing."""
        driver = self._drivers[wanted.driver]
        with self._lock:
            if wanted.id in self._active:
                return
            injection = Injection(
                id=wanted.id,
                driver=wanted.driver,
                params=wanted.params,
                canary=secrets.token_hex(8),
            )
            try:
                with self._orders.on(*driver.works_on(wanted.params)):
                    injection, changes = driver.inject(self._engine, injection, now())
            except LabError as error:
                self.trouble = str(error)
                return
            self._active[wanted.id] = injection
            self._there[wanted.id] = True
            self._made.add(wanted.id)
            entry = FaultEntry(at=now(), id=wanted.id, driver=wanted.driver, what="injected")
            self._write(entry)
            for change in changes:
                self._write(change)

    def clear(self, injection_id: str, now: Callable[[], float]) -> None:
        """Take a fault back; one that is not there changes nothing."""
        with self._lock:
            injection = self._active.get(injection_id)
            if injection is None:
                return
            driver = self._drivers[injection.driver]
            try:
                with self._orders.on(*driver.works_on(injection.params)):
                    driver.clear(self._engine, injection)
            except LabError as error:
                self.trouble = str(error)
                return
            del self._active[injection_id]
            was_there = self._there.pop(injection_id)
            if was_there:
                self._write(
                    FaultEntry(at=now(), id=injection.id, driver=injection.driver, what="cleared")
                )

    def clear_all(self, now: Callable[[], float]) -> None:
        """Take every fault back."""
        for injection_id in tuple(self._active):
            self.clear(injection_id, now)

    def look(self, now: float) -> None:
        """Ask each driver whether its fault is still there; write down what has changed."""
        if not self._lock.acquire(blocking=False):
            return
        try:
            for injection in self._active.values():
                try:
                    there = self._drivers[injection.driver].residual(self._engine, injection)
                except LabError as error:
                    self.trouble = str(error)
                    continue
                if there != self._there[injection.id]:
                    self._there[injection.id] = there
                    what = "back" if there else "gone"
                    self._write(
                        FaultEntry(at=now, id=injection.id, driver=injection.driver, what=what)
                    )
        finally:
            self._lock.release()

    @property
    def standing(self) -> Mapping[str, bool]:
        """The injections not taken back, and whether the cause of each is still there."""
        return dict(self._there)

    @property
    def made(self) -> frozenset[str]:
        """Ids of the injections made so far, those taken back included."""
        return frozenset(self._made)

    @property
    def gone(self) -> bool:
        """Whether no cause is left, as far as the last look knows."""
        return not any(tuple(self._there.values()))
