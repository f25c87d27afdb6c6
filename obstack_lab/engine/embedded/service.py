"""A service: its instances, the releases it has had, its settings."""

from __future__ import annotations

import functools
import http.client
import threading
from collections.abc import Callable, Mapping

from obstack_lab.engine.embedded.instance import Environment, Instance
from obstack_lab.engine.embedded.probe import request
from obstack_lab.engine.embedded.unit import Unit
from obstack_lab.engine.interface import Component, Scalar
from obstack_lab.engine.request import need_instance
from obstack_lab.engine.topology import kind_of
from obstack_lab.errors import ActionError, EngineError

_CONFIG_SECONDS = 3.0

Make = Callable[[str, "Service"], Instance]
"""Makes an instance of this name; it is started later."""


class Service:
    """All instances of one service, at one release but for canaries, with one set of settings."""

    def __init__(
        self,
        name: str,
        make: Make,
        *,
        environment: Environment,
        on_change: Callable[[Service], None],
        on_spawn: Callable[[Unit, int], None],
    ) -> None:
        self.name = name
        self.kind = kind_of(name)
        self.environment = environment
        self.history: list[str] = []
        self.settings: dict[str, Scalar] = {}
        self.instances: list[Instance] = []
        self.canaries: dict[str, str] = {}
        self._make = make
        self._on_change = on_change
        self._on_spawn = on_spawn
        self._lock = threading.RLock()
        self._all: dict[int, Instance] = {}
        self._first = self._numbered(1)

    @property
    def release(self) -> str:
        return self.history[-1]

    @property
    def address(self) -> str:
        return self._first.address

    def release_of(self, instance: str) -> str:
        """Return the release that an instance is started at."""
        return self.canaries.get(instance, self.release)

    def set_up(self, release: str, settings: Mapping[str, Scalar], *, instances: int = 1) -> None:
        """Run so many instances at this release with these settings and no others.

        Those that run so already, and were told what they would be told now, are left alone.
        """
        with self._lock:
            same = self.history[-1:] == [release] and self.settings == dict(settings)
            for instance in self.instances:
                if self.canaries or not same or instance.is_out_of_date():
                    instance.stop()
            self.history[:] = [release]
            self.settings = dict(settings)
            self.canaries.clear()
            self.scale(instances)

    def scale(self, count: int) -> int:
        """Run this many instances; return how many ran before."""
        with self._lock:
            before = len(self.instances)
            leaving = self.instances[count:]
            self.instances = [self._numbered(number) for number in range(1, count + 1)]
            self._on_change(self)
            for instance in leaving:
                instance.stop()
                self.canaries.pop(instance.name, None)
            for instance in self.instances:
                instance.start()
            return before

    def restart(self) -> None:
        """Stop and start the instances, one after the other."""
        with self._lock:
            self._on_change(self)
            for instance in self.instances:
                instance.restart()

    def deploy(self, release: str) -> str:
        """Replace all instances by another release; return the one before."""
        with self._lock:
            before = self.release
            self.history.append(release)
            self.canaries.clear()
            self.restart()
            return before

    def deploy_one(self, instance: str, release: str) -> str:
        """Replace one instance by another release; return the one it had."""
        with self._lock:
            names = [each.name for each in self.instances]
            need_instance(instance, names, action="deploy")
            before = self.release_of(instance)
            self.canaries[instance] = release
            self._on_change(self)
            self.instances[names.index(instance)].restart()
            return before

    def stop(self) -> None:
        """End all instances."""
        with self._lock:
            for instance in reversed(self.instances):
                instance.stop()

    def config(self) -> Mapping[str, Scalar]:
        """Ask the first instance for its settings."""
        return self._settings_of(self._running()[0])

    def set_config(self, changes: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """Change settings in every instance; return the old values of those changed."""
        with self._lock:
            running = self._running()
            old = self._settings_of(running[0])
            for instance in running:
                self._patch(instance, changes)
            self.settings.update(changes)
            return {key: old[key] for key in changes if key in old}

    def component(self) -> Component:
        """Return the service as one component; its instances as children unless there is one."""
        parts = tuple(instance.component() for instance in self.instances)
        first = self._first.component()
        detail, state = first.detail, first.state
        if not parts:
            detail, state = "scaled to 0" if self.history else "", "stopped"
        for part in parts:
            if part.state != "healthy":
                detail, state = part.detail or part.state, part.state
                break
        return Component(
            name=self.name,
            kind=self.kind,
            state=state,
            pid=next((part.pid for part in parts if part.pid), None),
            release=self._shown_release(),
            address=self.address,
            since=max((part.since for part in parts), default=first.since),
            restarts=sum(part.restarts for part in parts),
            detail=detail,
            children=parts if len(parts) != 1 else (),
        )

    def _shown_release(self) -> str:
        if len(self.instances) == 1 and self.history:
            return self.release_of(self.instances[0].name)
        return self.release if self.history else ""

    def _numbered(self, number: int) -> Instance:
        """Return an instance by its number, the same one each time."""
        if number not in self._all:
            made = self._make(f"{self.name}-{number}", self)
            made.on_spawn = functools.partial(self._on_spawn, made)
            self._all[number] = made
        return self._all[number]

    def _running(self) -> list[Instance]:
        running = [instance for instance in self.instances if instance.pid is not None]
        if not running:
            raise EngineError(
                f"{self.name} does not run. Restart it: `restart {self.name}`.",
                component=self.name,
            )
        return running

    def _settings_of(self, instance: Instance) -> dict[str, Scalar]:
        status, answer = self._ask("GET", instance, None)
        if status != 200 or not isinstance(answer, dict):
            raise EngineError(
                f"{self.name} answers {status} to GET /config. Read `./lab logs {self.name}`.",
                component=self.name,
            )
        return dict(answer["settings"])

    def _patch(self, instance: Instance, changes: Mapping[str, Scalar]) -> None:
        status, answer = self._ask("PATCH", instance, changes)
        if 400 <= status < 500:
            detail = answer.get("detail") if isinstance(answer, dict) else answer
            errors = answer.get("errors") if isinstance(answer, dict) else None
            field = str(errors[0].get("field", "")) if errors else ""
            raise ActionError(
                f"{self.name} refuses the setting: {detail}", action="set_config", parameter=field
            )
        if status != 200:
            raise EngineError(
                f"{self.name} answers {status} to PATCH /config. Read `./lab logs {self.name}`.",
                component=self.name,
            )

    def _ask(
        self, method: str, instance: Instance, body: Mapping[str, object] | None
    ) -> tuple[int, object]:
        try:
            return request(method, f"{instance.address}/config", body, timeout=_CONFIG_SECONDS)
        except (OSError, http.client.HTTPException) as error:
            raise EngineError(
                f"{instance.name} does not answer at /config ({error}). "
                f"Restart it: `restart {self.name}`.",
                component=self.name,
            ) from error
