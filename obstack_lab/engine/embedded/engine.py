"""The embedded engine: every component a process of this machine."""

from __future__ import annotations

import signal as signals
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.graph import Graph, Task
from obstack_lab.engine.embedded.load import Load
from obstack_lab.engine.embedded.parent import Parent
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.postgres import Postgres
from obstack_lab.engine.embedded.process import tail
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.engine.embedded.programs import find_program
from obstack_lab.engine.embedded.prometheus import Prometheus, Target
from obstack_lab.engine.embedded.release import need_release
from obstack_lab.engine.embedded.seed import Seed
from obstack_lab.engine.embedded.service import Instance, Service
from obstack_lab.engine.embedded.telemetry import Telemetry
from obstack_lab.engine.embedded.unit import Clock, Unit
from obstack_lab.engine.embedded.usage import usage_of
from obstack_lab.engine.embedded.watch import Watch
from obstack_lab.engine.interface import Component, LoadPipe, Report, Scalar, Stack, Usage
from obstack_lab.engine.reap import reap
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.errors import ActionError, EngineError, UnknownName
from obstack_lab.settings import LabHome

SIGNALS = ("STOP", "CONT", "TERM", "KILL", "INT", "HUP", "QUIT")
MAX_INSTANCES = 10


class EmbeddedEngine:
    """Runs PostgreSQL, Prometheus, the telemetry store, the load, the edge and the services.

    All of them end when the process that holds the engine ends, however it ends.
    """

    name = "embedded"

    def __init__(self, home: LabHome, lab_id: str, *, clock: Clock = time.time) -> None:
        home.create()
        self._home = home
        self._roster = RosterFile(home.private / FILE_NAME, lab_id)
        self._place = Place(home, lab_id, clock, self._roster)
        self._postgres = Postgres(self._place)
        self._prometheus = Prometheus(self._place)
        self._telemetry = Telemetry(self._place)
        self._edge = Edge(self._place)
        self._load = Load(self._place)
        self._parent = Parent(self._place)
        self._services: dict[str, Service] = {}
        self._watch = Watch()
        self._lock = threading.RLock()

    # --- the whole ---

    def start(self, stack: Stack, report: Report) -> None:
        """Start what does not run and bring every service to the stack's release and settings.

        Called again it mends what has failed and takes back what was changed.
        """
        with self._lock:
            reap(self._home)
            find_program("prometheus", self._home)
            self._place.spawner.hold_leash(
                self._home.private / FILE_NAME, self._place.environment()
            )
            for name in [name for name in self._services if name not in stack.services]:
                self._services.pop(name).stop()
            for name, release in stack.services.items():
                need_release(name, release)
            for name in stack.services:
                self._services.setdefault(
                    name,
                    Service(name, self._parent, self._place, self._told, self._moved),
                )
            self._edge.lead("postgres", [f"127.0.0.1:{self._postgres.port}"])
            if self._prometheus.state == "stopped":
                self._prometheus.scrape([])
            tasks = {
                "services": Task(self._parent.start),
                "postgres": Task(self._postgres.start),
                "telemetry": Task(self._telemetry.start),
                "edge": Task(self._edge.start),
                "prometheus": Task(self._prometheus.start),
                "load": Task(self._load.start),
                "seed": Task(Seed(self._place, self._postgres).run, ("postgres",)),
            }
            for name, release in stack.services.items():
                tasks[name] = Task(
                    self._setting_up(name, release, stack.config.get(name, {})),
                    ("services", "edge", "seed"),
                )
            try:
                Graph(tasks, report, self._place.clock).run()
            finally:
                self._watch.begin(self._units())

    def stop(self) -> None:
        with self._lock:
            self._watch.end()
            self._together([self._load, *self._services.values()])
            self._together([self._parent, self._edge, self._telemetry, self._prometheus])
            self._postgres.stop()
            self._place.spawner.close()
            self._roster.clear()

    def components(self) -> tuple[Component, ...]:
        services = tuple(service.component() for service in tuple(self._services.values()))
        return (*(unit.component() for unit in self._infrastructure()), *services)

    # --- one component ---

    def address(self, component: str) -> str:
        if component == "postgres":
            return self._postgres.dsn("operator")
        found = self._find(component)
        return found.address

    def restart(self, component: str) -> None:
        found = self._find(component)
        if isinstance(found, Service) and self._parent.pid is None:
            self._parent.restart()
        found.restart()
        if found is self._parent:
            for service in tuple(self._services.values()):
                service.restart()
        self._watch.begin(self._units())

    def deploy(self, service: str, release: str) -> str:
        found = self._service(service)
        need_release(service, release)
        return found.deploy(release)

    def releases(self, service: str) -> tuple[str, ...]:
        return tuple(self._service(service).history)

    def signal(self, component: str, signal: str) -> None:
        if signal not in SIGNALS:
            raise ActionError(
                f"No signal '{signal}'. One of: {', '.join(SIGNALS)}.",
                action="signal",
                parameter="signal",
            )
        found = self._find(component)
        number = signals.Signals[f"SIG{signal}"]
        targets = found.instances if isinstance(found, Service) else [found]
        if not any(target.pid for target in targets):
            raise EngineError(
                f"{component} does not run. Restart it first: `restart {component}`.",
                component=component,
            )
        for target in targets:
            target.kill(number)

    def scale(self, service: str, instances: int) -> int:
        if not 0 <= instances <= MAX_INSTANCES:
            raise ActionError(
                f"instances must be 0 to {MAX_INSTANCES}.", action="scale", parameter="instances"
            )
        before = self._service(service).scale(instances)
        self._watch.begin(self._units())
        return before

    def config(self, service: str) -> Mapping[str, Scalar]:
        return self._service(service).config()

    def set_config(self, service: str, changes: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        return self._service(service).set_config(changes)

    def logs(self, component: str, lines: int = 200) -> str:
        if component == "seed":
            return tail(self._place.log("seed"), lines)
        found = self._find(component)
        name = component.rpartition("-")[0] if isinstance(found, Instance) else component
        return tail(self._place.log(name), lines)

    def load_pipe(self) -> LoadPipe:
        return self._load

    def usage(self) -> Mapping[str, Usage]:
        """Return what each component takes; a service's figure is the sum of its instances."""
        taken: dict[str, Usage] = {}
        for unit in self._infrastructure():
            if unit.pid is not None and (
                usage := usage_of(unit.pid, with_children=unit is not self._parent)
            ):
                taken[unit.name] = usage
        for name, service in tuple(self._services.items()):
            parts = [
                usage
                for instance in service.instances
                if instance.pid is not None
                and (usage := usage_of(instance.pid, with_children=True))
            ]
            if parts:
                taken[name] = Usage(
                    memory=sum(part.memory for part in parts),
                    cpu_seconds=sum(part.cpu_seconds for part in parts),
                )
        return taken

    # --- inside ---

    def _told(self, service: str) -> Mapping[str, str]:
        """Return what an instance is told of the others: all of them behind the edge."""
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": self._telemetry.address}
        if service == "gateway":
            told["ORDERS_URL"] = self._through("gateway-orders")
        else:
            port = self._edge.listen_port(f"{service}-postgres")
            told["DATABASE_URL"] = self._postgres.dsn("shop", port)
        if service == "orders":
            told["INVENTORY_URL"] = self._through("orders-inventory")
        return {**told, "OBSTACK_LAB_ID": self._place.lab_id}

    def _through(self, route: str) -> str:
        return f"http://127.0.0.1:{self._edge.listen_port(route)}"

    def _moved(self, service: Service) -> None:
        """Tell the edge and Prometheus where a service's instances are."""
        self._edge.lead(
            service.name, [f"127.0.0.1:{instance.port}" for instance in service.instances]
        )
        self._prometheus.scrape(
            Target(f"127.0.0.1:{instance.port}", each.name, each.release, instance.name)
            for each in tuple(self._services.values())
            if each.history
            for instance in each.instances
        )

    def _setting_up(
        self, name: str, release: str, settings: Mapping[str, Scalar]
    ) -> Callable[[], None]:
        return lambda: self._services[name].set_up(release, settings)

    def _infrastructure(self) -> tuple[ProcessUnit, ...]:
        return (
            self._postgres,
            self._prometheus,
            self._telemetry,
            self._edge,
            self._load,
            self._parent,
        )

    def _units(self) -> Iterator[Unit]:
        yield from self._infrastructure()
        for service in tuple(self._services.values()):
            yield from service.instances

    def _find(self, name: str) -> ProcessUnit | Service | Instance:
        if name in self._services:
            return self._services[name]
        for unit in self._infrastructure():
            if unit.name == name:
                return unit
        for service in tuple(self._services.values()):
            for instance in service.instances:
                if instance.name == name:
                    return instance
        known = (*(unit.name for unit in self._infrastructure()), *self._services)
        raise UnknownName("component", name, known)

    def _service(self, name: str) -> Service:
        if name not in self._services:
            raise UnknownName("service", name, tuple(self._services))
        return self._services[name]

    def _together(self, units: Sequence[ProcessUnit | Service]) -> None:
        """End several at once; the first error is raised when all have been tried."""
        failed: list[Exception] = []

        def end(unit: ProcessUnit | Service) -> None:
            try:
                unit.stop()
            except EngineError as error:
                failed.append(error)

        threads = [
            threading.Thread(target=end, args=(unit,), name=f"obstack-stop-{unit.name}")
            for unit in units
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failed:
            raise failed[0]
