"""The embedded engine: every component a process of this machine."""

from __future__ import annotations

import functools
import signal as signals
import threading
import time
from collections.abc import Callable, Mapping, Sequence

from obstack_lab.engine import request
from obstack_lab.engine.callback import Callback
from obstack_lab.engine.embedded.alertmanager import Alertmanager
from obstack_lab.engine.embedded.caretaker import Caretaker
from obstack_lab.engine.embedded.components import Components
from obstack_lab.engine.embedded.data import DatabaseCopies
from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.grafana import Grafana
from obstack_lab.engine.embedded.graph import Graph, Task
from obstack_lab.engine.embedded.group import Group
from obstack_lab.engine.embedded.job import Job
from obstack_lab.engine.embedded.limits import Limits
from obstack_lab.engine.embedded.load import Load
from obstack_lab.engine.embedded.parent import Parent
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.postgres import Postgres
from obstack_lab.engine.embedded.process import tail
from obstack_lab.engine.embedded.programs import find_alertmanager, find_grafana, find_program
from obstack_lab.engine.embedded.prometheus import Prometheus
from obstack_lab.engine.embedded.seed import Seed
from obstack_lab.engine.embedded.service import Instance, Service
from obstack_lab.engine.embedded.stores import TELEMETRY, BuiltIn, Native, Stores
from obstack_lab.engine.embedded.unit import Clock
from obstack_lab.engine.embedded.usage import usage_of
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
from obstack_lab.engine.pager import Pager
from obstack_lab.engine.reap import reap
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.engine.release import need_release
from obstack_lab.engine.supervision import Supervisor
from obstack_lab.engine.topology import watched
from obstack_lab.errors import EngineError, UnknownName
from obstack_lab.settings import LabHome

_SETTLE_SECONDS = 20.0
_PROBE_SECONDS = 0.05
_SESSIONS = 12
"""Good answers in a row after which no session of a pool of usual size can be a lost one."""


class EmbeddedEngine:
    """Runs PostgreSQL, Prometheus, the telemetry store, the load, the edge and the services.

    With `native` a real Loki and a real Tempo are the telemetry store, and a real Grafana runs if
    there is one and it can reach the orchestrator; with a pager, Alertmanager runs. All of them
    end when the process that holds the engine ends, however it ends.
    """

    name = "embedded"

    def __init__(
        self,
        home: LabHome,
        lab_id: str,
        *,
        native: bool = False,
        callback: Callback | None = None,
        pager: Pager | None = None,
        clock: Clock = time.time,
    ) -> None:
        home.create()
        self._home = home
        self._roster = RosterFile(home.private / FILE_NAME, lab_id)
        self._place = place = Place(home, lab_id, clock, self._roster)
        self._postgres = Postgres(place)
        self._prometheus = Prometheus(place)
        self._stores: Stores = Native(place) if native else BuiltIn(place)
        self._alertmanager = Alertmanager(place, pager) if pager else None
        found = find_grafana(home) if native and callback else None
        self._grafana = Grafana(place, found, callback) if found and callback else None
        self._edge = Edge(place)
        self._load = Load(place)
        self._data = DatabaseCopies(self._postgres, Seed(place, self._postgres), self._settle)
        self._parent = Parent(place)
        self._all = Components(
            (
                self._postgres,
                self._prometheus,
                *filter(None, (self._alertmanager, self._grafana)),
                *self._stores.units,
                self._edge,
                self._load,
                self._parent,
            ),
            self._parent,
            [Group(TELEMETRY, self._stores.units)] if native else [],
        )
        self._made: dict[str, Service] = {}
        """every service there ever was: one that comes back is watched already"""
        self._wiring = Wiring(
            place,
            postgres=self._postgres,
            stores=self._stores,
            edge=self._edge,
            prometheus=self._prometheus,
            services=self._all.services,
        )
        self._all.on_ready = self._wiring.ready
        self._limits = Limits(self._all.units_of, f"obstack-{lab_id}", self._roster.keep_folders)
        for unit in self._all.infrastructure:
            unit.on_spawn = functools.partial(self._limits.spawned, unit)
        self._supervisor = Supervisor(time.monotonic)
        self._caretaker = Caretaker(self._all, self._supervisor)
        self._watch = Watch()
        self._lock = threading.RLock()

    # --- the whole ---

    def start(self, stack: Stack, report: Report) -> None:
        """Start what does not run and bring every service to the stack's release and settings.

        Called again it mends what has failed and takes back what was changed.
        """
        stack = watched(stack)
        with self._lock:
            reap(self._home)
            find_program("prometheus", self._home)
            if self._alertmanager:
                find_alertmanager(self._home)
            self._place.spawner.hold_leash(
                self._home.private / FILE_NAME, self._place.environment()
            )
            for name, release in stack.services.items():
                need_release(name, release, self._home.releases)
            for count in stack.instances.values():
                request.need_count(count)
            self._take_back()
            for name in [name for name in self._all.services if name not in stack.services]:
                self._all.services.pop(name).stop()
            for name in stack.services:
                self._all.services[name] = self._service_made(name)
            self._edge.lay(stack.services)
            self._edge.lead("postgres", {f"127.0.0.1:{self._postgres.port}": 1})
            stores = self._stores.paths
            self._edge.lead(TELEMETRY, dict.fromkeys(stores, 1), paths=stores)
            if self._prometheus.state == "stopped":
                self._prometheus.scrape([])
                told = self._alertmanager
                self._prometheus.notify(told.listens if told else None)
            try:
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
            self._postgres.stop()
            self._place.spawner.close()
            self._roster.clear()

    def components(self) -> tuple[Component, ...]:
        return self._all.snapshot()

    def tree(self) -> Node:
        return self._all.tree(self._supervisor)

    @property
    def data(self) -> Data:
        return self._data

    @property
    def network(self) -> Network:
        return self._edge

    # --- one component ---

    def address(self, component: str) -> str:
        if component == "postgres":
            return self._postgres.dsn("operator")
        return self._all.find(component).address

    def dsn(self, role: str) -> str:
        request.need_role(role)
        return self._postgres.dsn(role)

    def restart(self, component: str) -> None:
        found = self._all.find(component)
        if isinstance(found, Service | Instance) and self._parent.pid is None:
            self._parent.restart()
        found.restart()
        if found is self._parent:
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
        return self._load

    # --- services ---

    def deploy(self, service: str, release: str, *, instance: str | None = None) -> str:
        found = self._all.service(service)
        need_release(service, release, self._home.releases)
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
                job = Job(name, self._place)
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
                if unit.pid is not None
                and (usage := usage_of(unit.pid, with_children=unit is not self._parent))
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
                self._parent,
                self._place,
                environment=self._wiring.environment,
                on_change=self._wiring.moved,
                on_spawn=self._limits.spawned,
            )
        return self._made[name]

    def _tasks(self, stack: Stack) -> Mapping[str, Task]:
        tasks = {
            "services": Task(self._parent.start),
            "postgres": Task(self._postgres.start),
            **{unit.name: Task(unit.start) for unit in self._stores.units},
            "edge": Task(self._edge.start),
            "prometheus": Task(self._prometheus.start),
            "load": Task(self._load.start),
            "seed": Task(self._data.begin, ("postgres",)),
        }
        for unit in filter(None, (self._alertmanager, self._grafana)):
            tasks[unit.name] = Task(unit.start)
        for name in stack.services:
            tasks[name] = Task(self._setting_up(name, stack), ("services", "edge", "seed"))
        return tasks

    def _setting_up(self, name: str, stack: Stack) -> Callable[[], None]:
        service = self._all.services[name]
        release, settings = stack.services[name], stack.config.get(name, {})
        count = stack.instances.get(name, 1)
        return lambda: service.set_up(release, settings, instances=count)
