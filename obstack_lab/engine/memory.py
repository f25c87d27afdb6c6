"""An engine without processes: the same answers at once, and failures on demand."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from obstack_lab.engine.interface import (
    Component,
    ComponentKind,
    ComponentState,
    Progress,
    Report,
    Scalar,
    Stack,
    Usage,
)
from obstack_lab.errors import ActionError, EngineError, UnknownName

INFRASTRUCTURE: dict[str, ComponentKind] = {
    "postgres": "database",
    "prometheus": "metrics",
    "telemetry": "telemetry",
    "edge": "edge",
    "load": "load",
    "services": "parent",
}
SIGNALS = ("STOP", "CONT", "TERM", "KILL", "INT", "HUP", "QUIT")
_POOL: dict[str, Scalar] = {
    "db_pool_size": 4,
    "db_pool_timeout": 2.0,
    "db_pool_max_waiting": 100,
}
SETTINGS: dict[str, dict[str, Scalar]] = {
    "gateway": {"log_level": "info", "orders_timeout": 5.0},
    "orders": {"log_level": "info", "inventory_timeout": 3.0, **_POOL},
    "inventory": {"log_level": "info", **_POOL},
}
RELEASES: dict[str, tuple[str, ...]] = {
    "gateway": ("2.3.0", "2.3.1"),
    "orders": ("1.4.1", "1.4.2", "1.5.0"),
    "inventory": ("3.0.2", "3.1.0"),
}
_ENDED: dict[str, ComponentState] = {
    "STOP": "unhealthy",
    "CONT": "healthy",
    "TERM": "failed",
    "KILL": "failed",
    "INT": "failed",
    "QUIT": "failed",
}


@dataclass
class MemoryLoadPipe:
    """Keeps what was sent in `commands`; a test sets `next_status`."""

    generation: int = 0
    commands: list[dict[str, object]] = field(default_factory=list)
    next_status: Mapping[str, object] | None = None
    running: bool = False

    def send(self, command: Mapping[str, object]) -> None:
        if not self.running:
            raise EngineError(
                "The load does not run. Restart it: `restart load`.", component="load"
            )
        self.commands.append(dict(command))

    def status(self) -> Mapping[str, object] | None:
        return self.next_status

    def began(self) -> None:
        """Say that the process was started (again)."""
        self.generation += 1
        self.running = True
        self.next_status = None


@dataclass
class _Service:
    history: list[str]
    settings: dict[str, Scalar]
    instances: int = 1


class MemoryEngine:
    """A scriptable engine: `calls` tells what was asked, `fail_next` and `crash` make trouble."""

    name = "memory"

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        settings: Mapping[str, Mapping[str, Scalar]] = SETTINGS,
        releases: Mapping[str, tuple[str, ...]] = RELEASES,
    ) -> None:
        self.calls: list[tuple[str, tuple[object, ...]]] = []
        self.pipe = MemoryLoadPipe()
        self._clock = clock
        self._defaults = settings
        self._known = releases
        self._components: dict[str, Component] = {}
        self._services: dict[str, _Service] = {}
        self._failures: dict[str, list[Exception]] = {}
        self._pids = itertools.count(1001)
        self._lock = threading.RLock()

    # --- what a test scripts ---

    def fail_next(self, method: str, error: Exception) -> None:
        """Let the next call of a method raise this error."""
        self._failures.setdefault(method, []).append(error)

    def crash(self, component: str, detail: str = "killed by signal 9") -> None:
        """Let a component die as if its process had ended."""
        self._change(component, state="failed", pid=None, detail=detail)
        if component == "load":
            self.pipe.running = False

    # --- the interface ---

    def start(self, stack: Stack, report: Report) -> None:
        with self._called("start", stack):
            for name, release in stack.services.items():
                self._need_release(name, release)
            for name, kind in INFRASTRUCTURE.items():
                if self._state(name) != "healthy":
                    self._begin(name, kind)
            for name in [name for name in self._services if name not in stack.services]:
                del self._services[name], self._components[name]
            for name, release in stack.services.items():
                self._service_at(name, release, stack.config.get(name, {}))
            for name in self._components:
                report(Progress(name, "ready"))

    def stop(self) -> None:
        with self._called("stop"):
            for name in self._components:
                self._change(name, state="stopped", pid=None, detail="")
            self.pipe.running = False

    def components(self) -> tuple[Component, ...]:
        with self._lock:
            return tuple(self._components.values())

    def address(self, component: str) -> str:
        with self._called("address", component):
            if component == "postgres":
                return "postgresql://operator:in-memory@127.0.0.1:5432/shop"
            return self._component(component).address

    def restart(self, component: str) -> None:
        with self._called("restart", component):
            if component == "services":
                for name in self._services:
                    self._again(name)
            self._again(component)

    def deploy(self, service: str, release: str) -> str:
        with self._called("deploy", service, release):
            known = self._service(service)
            self._need_release(service, release)
            before = known.history[-1]
            known.history.append(release)
            self._again(service)
            self._change(service, release=release)
            return before

    def releases(self, service: str) -> tuple[str, ...]:
        with self._called("releases", service):
            return tuple(self._service(service).history)

    def signal(self, component: str, signal: str) -> None:
        with self._called("signal", component, signal):
            if signal not in SIGNALS:
                raise ActionError(
                    f"No signal '{signal}'. One of: {', '.join(SIGNALS)}.",
                    action="signal",
                    parameter="signal",
                )
            if self._component(component).pid is None:
                raise EngineError(
                    f"{component} does not run. Restart it first.", component=component
                )
            state = _ENDED.get(signal)
            if state == "failed":
                self.crash(component, f"ended by SIG{signal}")
            elif state is not None:
                self._change(component, state=state)

    def scale(self, service: str, instances: int) -> int:
        with self._called("scale", service, instances):
            if instances < 0:
                raise ActionError(
                    "instances must be 0 or more.", action="scale", parameter="instances"
                )
            known = self._service(service)
            before, known.instances = known.instances, instances
            self._again(service)
            if instances == 0:
                self._change(service, state="stopped", pid=None, detail="scaled to 0")
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
            self._component(component)
            return ""

    def load_pipe(self) -> MemoryLoadPipe:
        return self.pipe

    def usage(self) -> Mapping[str, Usage]:
        with self._called("usage"):
            return {
                name: Usage(memory=10_000_000, cpu_seconds=0.1)
                for name, component in self._components.items()
                if component.pid is not None
            }

    # --- inside ---

    @contextmanager
    def _called(self, method: str, *arguments: object) -> Iterator[None]:
        with self._lock:
            self.calls.append((method, arguments))
            if waiting := self._failures.get(method):
                raise waiting.pop(0)
            yield

    def _begin(self, name: str, kind: ComponentKind, release: str = "") -> None:
        port = 20_000 + len(self._components)
        restarts = self._components[name].restarts + 1 if name in self._components else 0
        self._components[name] = Component(
            name=name,
            kind=kind,
            state="healthy",
            pid=next(self._pids),
            release=release,
            address=f"http://127.0.0.1:{port}",
            since=self._clock(),
            restarts=restarts,
        )
        if name == "load":
            self.pipe.began()

    def _again(self, name: str) -> None:
        old = self._component(name)
        self._begin(name, old.kind, old.release)
        self._change(name, address=old.address)

    def _service_at(self, name: str, release: str, config: Mapping[str, Scalar]) -> None:
        settings = {**self._defaults.get(name, {}), **config}
        known = self._services.setdefault(name, _Service([], settings))
        same = known.history[-1:] == [release] and known.settings == settings
        if same and known.instances == 1 and self._state(name) == "healthy":
            return
        if known.history[-1:] != [release]:
            known.history.append(release)
        known.settings, known.instances = settings, 1
        self._begin(name, "service", release)

    def _state(self, name: str) -> str:
        return self._components[name].state if name in self._components else "stopped"

    def _component(self, name: str) -> Component:
        if name not in self._components:
            raise UnknownName("component", name, tuple(self._components))
        return self._components[name]

    def _service(self, name: str) -> _Service:
        if name not in self._services:
            raise UnknownName("service", name, tuple(self._services))
        return self._services[name]

    def _need_release(self, service: str, release: str) -> None:
        if service not in self._known:
            raise UnknownName("service", service, tuple(self._known))
        if release not in self._known[service]:
            raise UnknownName(f"release of {service}", release, self._known[service])

    def _need_instances(self, service: str) -> None:
        self._service(service)
        if self._component(service).pid is None:
            raise EngineError(
                f"{service} does not run. Restart it: `restart {service}`.", component=service
            )

    def _change(
        self,
        name: str,
        *,
        state: ComponentState | None = None,
        pid: int | None = -1,
        release: str | None = None,
        address: str | None = None,
        detail: str | None = None,
    ) -> None:
        with self._lock:
            old = self._component(name)
            self._components[name] = replace(
                old,
                state=old.state if state is None else state,
                pid=old.pid if pid == -1 else pid,
                release=old.release if release is None else release,
                address=old.address if address is None else address,
                detail=old.detail if detail is None else detail,
                since=self._clock() if state not in (None, old.state) else old.since,
            )
