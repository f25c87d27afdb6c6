"""An engine over units: what is the same wherever the units run."""

from __future__ import annotations

import functools
import signal as signals
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence

from obstack_lab.engine import request
from obstack_lab.engine.embedded.caretaker import Caretaker
from obstack_lab.engine.embedded.components import Components
from obstack_lab.engine.embedded.crew import Crew
from obstack_lab.engine.embedded.data import DatabaseCopies
from obstack_lab.engine.embedded.graph import Graph, Task
from obstack_lab.engine.embedded.group import Group
from obstack_lab.engine.embedded.instance import Instance
from obstack_lab.engine.embedded.job import Job
from obstack_lab.engine.embedded.limits import Limits
from obstack_lab.engine.embedded.process import tail
from obstack_lab.engine.embedded.seed import Seed
from obstack_lab.engine.embedded.service import Service
from obstack_lab.engine.embedded.stores import TELEMETRY
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.embedded.watch import Watch
from obstack_lab.engine.embedded.wiring import Wiring
from obstack_lab.engine.interface import (
    Component,
    Data,
    LoadPipe,
    Network,
    Node,
    Policy,
    Report,
    Resource,
    Scalar,
    Stack,
    Usage,
)
from obstack_lab.engine.release import need_release
from obstack_lab.engine.supervision import Supervisor
from obstack_lab.engine.topology import watched
from obstack_lab.errors import EngineError, UnknownName

_SETTLE_SECONDS = 20.0
_PROBE_SECONDS = 0.05
_SESSIONS = 12
"""Good answers in a row after which no session of a pool of usual size can be a lost one."""


class UnitEngine(ABC):
    """Starts, changes and ends units; what a unit is, its heirs say."""

    def __init__(self, crew: Crew) -> None:
        self._crew = crew
        self._place = place = crew.place
        several = [Group(TELEMETRY, crew.stores.units)] if len(crew.stores.units) > 1 else []
        self._all = Components(crew.units, crew.parent, several)
        self._data = DatabaseCopies(crew.database, Seed(place, crew.database), self._settle)
        self._made: dict[str, Service] = {}
        """every service there ever was: one that comes back is watched already"""
        self._wiring = Wiring(
            place.lab_id,
            ways=crew.ways,
            stores=crew.stores,
            edge=crew.network,
            prometheus=crew.targets,
            services=self._all.services,
        )
        self._all.on_ready = self._wiring.ready
        self._limits = self._bounds()
        for unit in crew.units:
            unit.on_spawn = functools.partial(self._limits.spawned, unit)
        self._supervisor = Supervisor(time.monotonic)
        self._caretaker = Caretaker(self._all, self._supervisor)
        self._watch = Watch()
        self._lock = threading.RLock()

    # --- what heirs say ---

    @abstractmethod
    def _bounds(self) -> Limits:
        """Return what holds units to their limits."""

    @abstractmethod
    def _prepare(self) -> None:
        """Do what comes before any start: reap what is left, see that everything is there."""

    @abstractmethod
    def _furnish(self, stack: Stack) -> None:
        """Make, all at once, what the stack's units are going to be started in."""

    @abstractmethod
    def _instance(self, name: str, service: Service) -> Instance:
        """Make an instance."""

    @abstractmethod
    def _job(self, name: str) -> Job:
        """Make a job."""

    @abstractmethod
    def _usage(self, unit: Unit) -> Usage | None:
        """Return what a running unit takes, None where it is gone."""

    @abstractmethod
    def _leave(self) -> None:
        """End what is left when all units but the database have ended."""

    # --- the whole ---

    def start(self, stack: Stack, report: Report) -> None:
        """Start what does not run and bring every service to the stack's release and settings.

        Called again it mends what has failed and takes back what was changed.
        """
        stack = watched(stack)
        with self._lock:
            self._prepare()
            for name, release in stack.services.items():
                need_release(name, release, self._place.home.releases)
            for count in stack.instances.values():
                request.need_count(count)
            self._take_back()
            for name in [name for name in self._all.services if name not in stack.services]:
                self._all.services.pop(name).stop()
            for name in stack.services:
                self._all.services[name] = self._service_made(name)
            self._crew.network.lay(stack.services)
            self._crew.network.lead("postgres", {self._crew.postgres_at: 1})
            stores = self._crew.stores.paths
            self._crew.network.lead(TELEMETRY, dict.fromkeys(stores, 1), paths=stores)
            if all(unit.state == "stopped" for unit in self._crew.units):
                self._crew.targets.scrape([])
                self._crew.targets.notify(self._crew.notified)
            try:
                self._furnish(stack)
                Graph(self._tasks(stack), report, self._place.clock).run()
            finally:
                self._watch.begin(self._all.units())
                self._caretaker.begin()
            for name, policy in stack.supervision.items():
                self.supervise(name, policy)

    def stop(self) -> None:
        with self._lock:
            self._caretaker.end()
            self._watch.end()
            self._take_back()
            self._all.stop()
            self._leave()

    def components(self) -> tuple[Component, ...]:
        return self._all.snapshot()

    def tree(self) -> Node:
        return self._all.tree(self._supervisor)

    @property
    def data(self) -> Data:
        return self._data

    @property
    def network(self) -> Network:
        return self._crew.network

    # --- one component ---

    def address(self, component: str) -> str:
        if component == "postgres":
            return self._crew.database.dsn("operator")
        return self._all.find(component).address

    def dsn(self, role: str) -> str:
        request.need_role(role)
        return self._crew.database.dsn(role)

    def restart(self, component: str) -> None:
        found = self._all.find(component)
        if isinstance(found, Service | Instance):
            self._all.start_parent()
        found.restart()
        if found is self._crew.parent:
            for service in tuple(self._all.services.values()):
                service.restart()
        self._watch.begin(self._all.units())

    def signal(self, component: str, signal: str) -> None:
        request.need_signal(signal)
        number = signals.Signals[f"SIG{signal}"]
        units = self._all.units_of(component)
        if not any(unit.pid for unit in units):
            raise EngineError(
                f"{component} does not run. Restart it first: `restart {component}`.",
                component=component,
            )
        for unit in units:
            if signal in {"STOP", "CONT"}:
                self._limits.paused(unit, on=signal == "STOP")
            unit.kill(number)

    def limit(self, component: str, resource: Resource, value: float | None) -> float | None:
        self._all.find(component)
        request.need_limit(resource, value)
        return self._limits.change(component, resource, value)

    def supervise(self, component: str, policy: Policy) -> Policy:
        known = self._all.names()
        if component not in known:
            raise UnknownName("component", component, known)
        request.need_policy(policy)
        return self._supervisor.supervise(component, policy)

    def logs(self, component: str, lines: int = 200) -> str:
        if component == "seed":
            return tail(self._place.log("seed"), lines)
        found = self._all.find(component)
        if isinstance(found, Group):
            return "".join(tail(self._place.log(unit.name), lines) for unit in found.units)
        name = component.rpartition("-")[0] if isinstance(found, Instance) else component
        return tail(self._place.log(name), lines)

    def load_pipe(self) -> LoadPipe:
        return self._crew.load

    # --- services ---

    def deploy(self, service: str, release: str, *, instance: str | None = None) -> str:
        found = self._all.service(service)
        need_release(service, release, self._place.home.releases)
        if instance is not None:
            return found.deploy_one(instance, release)
        return found.deploy(release)

    def releases(self, service: str) -> tuple[str, ...]:
        return tuple(self._all.service(service).history)

    def scale(self, service: str, instances: int) -> int:
        request.need_count(instances)
        before = self._all.service(service).scale(instances)
        self._watch.begin(self._all.units())
        return before

    def config(self, service: str) -> Mapping[str, Scalar]:
        return self._all.service(service).config()

    def set_config(self, service: str, changes: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        return self._all.service(service).set_config(changes)

    def environment(self, service: str) -> Mapping[str, str]:
        return self._wiring.environment(self._all.service(service).name)

    def outside(self, service: str) -> Mapping[str, str]:
        return self.environment(service)

    def set_environment(
        self, service: str, changes: Mapping[str, str | None]
    ) -> Mapping[str, str | None]:
        self._all.service(service)
        request.need_variables(changes)
        return self._wiring.set_environment(service, changes)

    def weigh(self, service: str, weights: Mapping[str, float]) -> Mapping[str, float]:
        found = self._all.service(service)
        request.need_weights(weights, [instance.name for instance in found.instances])
        return self._wiring.weigh(found, weights)

    def scrape(self, service: str, *, on: bool) -> bool:
        return self._wiring.scrape(self._all.service(service).name, on=on)

    # --- jobs ---

    def run_job(self, name: str, module: str, arguments: Sequence[str] = ()) -> None:
        with self._lock:
            others = {unit.name for unit in self._all.units() if unit.kind != "job"}
            request.need_job_name(name, others.union(self._all.services))
            if name not in self._all.jobs:
                job = self._job(name)
                job.on_spawn = functools.partial(self._limits.spawned, job)
                self._all.jobs[name] = job
            self._all.jobs[name].run(module, arguments, self._wiring.told_to_jobs())
            self._watch.begin(self._all.units())

    def end_job(self, name: str) -> None:
        if job := self._all.jobs.get(name):
            job.stop()

    def usage(self) -> Mapping[str, Usage]:
        """Return what each component takes; a service's figure is the sum of its instances."""
        taken: dict[str, Usage] = {}
        for name in set(self._all.names()).difference(self._all.groups):
            parts = [
                usage
                for unit in self._all.units_of(name)
                if unit.pid is not None and (usage := self._usage(unit))
            ]
            if parts:
                taken[name] = Usage(
                    memory=sum(part.memory for part in parts),
                    cpu_seconds=sum(part.cpu_seconds for part in parts),
                )
        return taken

    # --- inside ---

    def _take_back(self) -> None:
        """Undo what was changed around the components since the last start."""
        self._supervisor.clear()
        for job in self._all.jobs.values():
            job.stop()
        self._limits.clear()
        self._wiring.clear()

    def _settle(self) -> None:
        """Return when every service that was well is well again; it had lost its sessions.

        A probe finds one lost session of a pool and has it replaced; the pool lends them in turn.
        """
        deadline = time.monotonic() + _SETTLE_SECONDS
        for service in tuple(self._all.services.values()):
            for instance in service.instances:
                well = 0
                while well < _SESSIONS and time.monotonic() < deadline:
                    if instance.is_unready():
                        well = 0
                        time.sleep(_PROBE_SECONDS)
                    else:
                        well += 1

    def _service_made(self, name: str) -> Service:
        if name not in self._made:
            self._made[name] = Service(
                name,
                self._instance,
                environment=self._wiring.environment,
                on_change=self._wiring.moved,
                on_spawn=self._limits.spawned,
            )
        return self._made[name]

    def _tasks(self, stack: Stack) -> Mapping[str, Task]:
        tasks = {unit.name: Task(unit.start) for unit in self._crew.units}
        tasks["seed"] = Task(self._data.begin, ("postgres",))
        before = [self._crew.parent.name] if self._crew.parent else []
        for name in stack.services:
            tasks[name] = Task(self._setting_up(name, stack), (*before, "edge", "seed"))
        return tasks

    def _setting_up(self, name: str, stack: Stack) -> Callable[[], None]:
        service = self._all.services[name]
        release, settings = stack.services[name], stack.config.get(name, {})
        count = stack.instances.get(name, 1)
        return lambda: service.set_up(release, settings, instances=count)
