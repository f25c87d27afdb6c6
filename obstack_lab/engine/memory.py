"""An engine without processes: the same answers at once, and failures on demand."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from obstack_lab.engine import request
from obstack_lab.engine.interface import (
    Component,
    ComponentState,
    Node,
    Policy,
    Progress,
    Report,
    Resource,
    Scalar,
    Stack,
    Usage,
)
from obstack_lab.engine.memory_data import MemoryData
from obstack_lab.engine.memory_load import MemoryLoadPipe
from obstack_lab.engine.memory_network import MemoryNetwork
from obstack_lab.engine.memory_part import Part, Service
from obstack_lab.engine.memory_shop import INFRASTRUCTURE, SETTINGS
from obstack_lab.engine.overrides import Environments, Weights
from obstack_lab.engine.release import every_release
from obstack_lab.engine.supervision import CLEAN_EXIT, Member, Supervisor, in_starting_order
from obstack_lab.engine.topology import kind_of, watched
from obstack_lab.engine.tree import JOBS, PARENT, ROOT, tree_of
from obstack_lab.errors import ActionError, EngineError, UnknownName

__all__ = ["SETTINGS", "MemoryEngine", "MemoryLoadPipe"]

_FIRST_PORT = 20_000
_ENDED = {
    "TERM": CLEAN_EXIT,
    "INT": CLEAN_EXIT,
    "KILL": "killed by SIGKILL",
    "QUIT": "killed by SIGQUIT",
}
_MOVED: Mapping[str, ComponentState] = {"STOP": "unhealthy", "CONT": "healthy"}


class MemoryEngine:
    """A scriptable engine: `calls` tells what was asked, `fail_next` and `crash` make trouble.

    Its supervisor looks when somebody looks at the components, by the engine's clock.
    """

    name = "memory"

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        settings: Mapping[str, Mapping[str, Scalar]] = SETTINGS,
        releases: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.pipe = MemoryLoadPipe()
        self.data = MemoryData(self._called)
        self.network = MemoryNetwork(lambda: tuple(self._services), self._called)
        self.limits: dict[tuple[str, str], float] = {}
        self.unscraped: set[str] = set()
        self._clock = clock
        self._defaults = settings
        self._known = every_release() if releases is None else releases
        self._parts: dict[str, Part] = {}
        self._services: dict[str, Service] = {}
        self._jobs: dict[str, Part] = {}
        self._environments = Environments()
        self._weights = Weights()
        self._supervisor = Supervisor(clock)
        self._failures: dict[str, list[Exception]] = {}
        self._pids = itertools.count(1001)
        self._lock = threading.RLock()

    # --- what a test scripts ---

    def fail_next(self, method: str, error: Exception) -> None:
        """Let the next call of a method raise this error."""
        self._failures.setdefault(method, []).append(error)

    def crash(self, component: str, detail: str = "killed by signal 9") -> None:
        """Let a component die as if its process had ended."""
        with self._lock:
            for part in self._parts_of(component):
                part.ended("failed", detail, self._clock())
            if component == "load":
                self.pipe.running = False
            if component == PARENT:
                for service in self._services:
                    self.crash(service, "ended with its parent")

    # --- the interface ---

    def start(self, stack: Stack, report: Report) -> None:
        with self._called("start", stack):
            for name, release in stack.services.items():
                self._need_release(name, release)
            stack = watched(stack)
            self._take_back()
            for name, kind in INFRASTRUCTURE.items():
                part = self._parts.setdefault(name, Part(name, kind, self._address()))
                if part.state != "healthy":
                    self._begin(part)
            for name in [name for name in self._services if name not in stack.services]:
                del self._services[name]
            for name, release in stack.services.items():
                config = {**self._defaults.get(name, {}), **stack.config.get(name, {})}
                self._set_up(name, release, config, stack.instances.get(name, 1))
            for name, policy in stack.supervision.items():
                self._supervise(name, policy)
            for component in self.components():
                report(Progress(component.name, "ready"))

    def stop(self) -> None:
        with self._called("stop"):
            self._take_back()
            for part in self._every_part():
                part.ended("stopped", "", self._clock())
            self.pipe.running = False

    def components(self) -> tuple[Component, ...]:
        with self._lock:
            self._heal()
            own = tuple(part.component() for part in self._parts.values())
            services = tuple(service.component() for service in self._services.values())
            return (*own, *services, *self._running_jobs())

    def address(self, component: str) -> str:
        with self._called("address", component):
            if component == "postgres":
                return "postgresql://operator:in-memory@127.0.0.1:5432/shop"
            if component in self._services:
                return self._services[component].component().address
            return self._parts_of(component)[0].address

    def restart(self, component: str) -> None:
        with self._called("restart", component):
            self._restart(component)

    def deploy(self, service: str, release: str, *, instance: str | None = None) -> str:
        told = (service, release) if instance is None else (service, release, instance)
        with self._called("deploy", *told):
            known = self._service(service)
            self._need_release(service, release)
            if instance is not None:
                names = [part.name for part in known.instances]
                request.need_instance(instance, names, action="deploy")
                before = known.release_of(instance)
                known.canaries[instance] = release
                self._restart(instance)
                return before
            before = known.history[-1]
            known.history.append(release)
            known.canaries.clear()
            self._restart(service)
            return before

    def releases(self, service: str) -> tuple[str, ...]:
        with self._called("releases", service):
            return tuple(self._service(service).history)

    def signal(self, component: str, signal: str) -> None:
        with self._called("signal", component, signal):
            request.need_signal(signal)
            parts = self._parts_of(component)
            if not any(part.pid for part in parts):
                raise EngineError(
                    f"{component} does not run. Restart it first.", component=component
                )
            if signal in _ENDED:
                self.crash(component, _ENDED[signal])
            for part in parts:
                if signal in _MOVED and part.pid:
                    part.state, part.since = _MOVED[signal], self._clock()

    def scale(self, service: str, instances: int) -> int:
        with self._called("scale", service, instances):
            request.need_count(instances)
            known = self._service(service)
            before = known.count
            self._scale(known, instances)
            return before

    def config(self, service: str) -> Mapping[str, Scalar]:
        with self._called("config", service):
            self._need_instances(service)
            return dict(self._service(service).settings)

    def set_config(self, service: str, changes: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        with self._called("set_config", service, dict(changes)):
            self._need_instances(service)
            settings = self._service(service).settings
            for key, value in changes.items():
                if key not in settings or isinstance(value, str) != isinstance(settings[key], str):
                    raise ActionError(
                        f"{service} does not take {key}={value!r}.",
                        action="set_config",
                        parameter=key,
                    )
            before = {key: settings[key] for key in changes}
            settings.update(changes)
            return before

    def logs(self, component: str, lines: int = 200) -> str:
        with self._called("logs", component, lines):
            self._parts_of(component)
            return ""

    def load_pipe(self) -> MemoryLoadPipe:
        return self.pipe

    def usage(self) -> Mapping[str, Usage]:
        with self._called("usage"):
            return {
                component.name: Usage(memory=10_000_000, cpu_seconds=0.1)
                for component in self.components()
                if component.pid is not None
            }

    def dsn(self, role: str) -> str:
        with self._called("dsn", role):
            request.need_role(role)
            return f"postgresql://{role}:in-memory@127.0.0.1:5432/shop"

    def environment(self, service: str) -> Mapping[str, str]:
        with self._called("environment", service):
            self._service(service)
            told = {"OTEL_EXPORTER_OTLP_ENDPOINT": self._parts["telemetry"].address}
            return {**told, **self._environments.of(service)}

    def outside(self, service: str) -> Mapping[str, str]:
        return self.environment(service)

    def set_environment(
        self, service: str, changes: Mapping[str, str | None]
    ) -> Mapping[str, str | None]:
        with self._called("set_environment", service, dict(changes)):
            self._service(service)
            request.need_variables(changes)
            return self._environments.change(service, changes)

    def limit(self, component: str, resource: Resource, value: float | None) -> float | None:
        with self._called("limit", component, resource, value):
            self._parts_of(component)
            request.need_limit(resource, value)
            before = self.limits.pop((component, resource), None)
            if value is not None:
                self.limits[component, resource] = value
            return before

    def run_job(self, name: str, module: str, arguments: Sequence[str] = ()) -> None:
        with self._called("run_job", name, module, tuple(arguments)):
            taken = {part.name for part in self._every_part()}
            request.need_job_name(name, taken.union(self._services))
            job = self._jobs.setdefault(name, Part(name, "job"))
            if job.pid is None:
                self._begin(job)

    def end_job(self, name: str) -> None:
        with self._called("end_job", name):
            self._jobs.pop(name, None)

    def weigh(self, service: str, weights: Mapping[str, float]) -> Mapping[str, float]:
        with self._called("weigh", service, dict(weights)):
            instances = [part.name for part in self._service(service).instances]
            request.need_weights(weights, instances)
            before = self._weights.of(instances)
            self._weights.change(weights)
            return before

    def scrape(self, service: str, *, on: bool) -> bool:
        with self._called("scrape", service, on):
            self._service(service)
            before = service not in self.unscraped
            (self.unscraped.discard if on else self.unscraped.add)(service)
            return before

    def supervise(self, component: str, policy: Policy) -> Policy:
        with self._called("supervise", component, policy):
            return self._supervise(component, policy)

    def tree(self) -> Node:
        with self._lock:
            self._heal()
            return tree_of(
                (part.component() for part in self._parts.values()),
                {
                    name: (service.component(), [part.component() for part in service.instances])
                    for name, service in self._services.items()
                },
                self._running_jobs(),
                self._supervisor,
            )

    # --- inside ---

    @contextmanager
    def _called(self, method: str, *arguments: object) -> Iterator[None]:
        with self._lock:
            self.calls.append((method, arguments))
            if waiting := self._failures.get(method):
                raise waiting.pop(0)
            yield

    def _take_back(self) -> None:
        for changed in (self.limits, self.unscraped, self._jobs):
            changed.clear()
        self._environments.clear()
        self._weights.clear()
        self._supervisor.clear()
        self.network.clear()

    def _address(self) -> str:
        return f"http://127.0.0.1:{_FIRST_PORT + len(list(self._every_part()))}"

    def _every_part(self) -> Iterator[Part]:
        yield from self._parts.values()
        for service in self._services.values():
            yield from service.parts.values()

    def _begin(self, part: Part, release: str = "") -> None:
        part.release = release
        part.began(next(self._pids), self._clock())
        if part.name == "load":
            self.pipe.began()

    def _restart(self, component: str) -> None:
        parts = self._parts_of(component)
        for part in parts:
            service = self._service_of(part)
            self._begin(part, service.release_of(part.name) if service else "")
        if component == PARENT:
            for name in self._services:
                self._restart(name)

    def _set_up(self, name: str, release: str, settings: dict[str, Scalar], count: int) -> None:
        known = self._services.setdefault(name, Service(name, {}))
        same = known.history[-1:] == [release] and known.settings == settings
        if not same or known.canaries:
            for part in known.parts.values():
                part.ended("stopped", "", self._clock())
        known.history[:] = [release]
        known.settings = settings
        known.canaries.clear()
        self._scale(known, count)

    def _scale(self, service: Service, count: int) -> None:
        for number in range(1, max(1, count) + 1):
            name = f"{service.name}-{number}"
            service.parts.setdefault(number, Part(name, kind_of(service.name), self._address()))
        for number, part in service.parts.items():
            if number > count:
                part.ended("stopped", "", self._clock())
                service.canaries.pop(part.name, None)
            elif part.state != "healthy":
                self._begin(part, service.release_of(part.name))
        service.count = count

    def _heal(self) -> None:
        for order in self._supervisor.look(tuple(self._members())):
            for name in order.members:
                self._restart(name)
            self._supervisor.done(order)

    def _members(self) -> Iterator[Member]:
        for name in in_starting_order(self._parts):
            if self._parts[name].state != "stopped":
                yield Member(name, name, ROOT, self._parts[name].ending)
        for name in in_starting_order(self._services):
            for part in self._services[name].instances:
                yield Member(part.name, name, PARENT, part.ending)
        for name, job in self._jobs.items():
            yield Member(name, name, JOBS, job.ending)

    def _supervise(self, component: str, policy: Policy) -> Policy:
        known = (*self._parts, *self._services, *self._jobs)
        if component not in known:
            raise UnknownName("component", component, known)
        request.need_policy(policy)
        return self._supervisor.supervise(component, policy)

    def _running_jobs(self) -> tuple[Component, ...]:
        jobs = self._jobs.values()
        return tuple(job.component() for job in jobs if job.ending != "clean")

    def _parts_of(self, name: str) -> list[Part]:
        if name in self._services:
            return self._services[name].instances
        found = [*self._parts.values(), *self._jobs.values()]
        found += [part for each in self._services.values() for part in each.instances]
        parts = [part for part in found if part.name == name]
        if not parts:
            raise UnknownName("component", name, (*self._parts, *self._services, *self._jobs))
        return parts

    def _service_of(self, part: Part) -> Service | None:
        return self._services.get(part.name.rpartition("-")[0]) if part.kind != "job" else None

    def _service(self, name: str) -> Service:
        if name not in self._services:
            raise UnknownName("service", name, tuple(self._services))
        return self._services[name]

    def _need_release(self, service: str, release: str) -> None:
        if service not in self._known:
            raise UnknownName("service", service, tuple(self._known))
        if release not in self._known[service]:
            raise UnknownName(f"release of {service}", release, self._known[service])

    def _need_instances(self, service: str) -> None:
        if not any(part.pid for part in self._service(service).instances):
            raise EngineError(
                f"{service} does not run. Restart it: `restart {service}`.", component=service
            )
