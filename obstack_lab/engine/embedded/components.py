"""Every component of a lab: found by name, put in order, started anew together."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Protocol

from obstack_lab.engine.embedded.caretaker import Ward
from obstack_lab.engine.embedded.group import Group
from obstack_lab.engine.embedded.instance import Instance
from obstack_lab.engine.embedded.job import Job
from obstack_lab.engine.embedded.service import Service
from obstack_lab.engine.embedded.unit import SignalledUnit
from obstack_lab.engine.interface import Component, Node
from obstack_lab.engine.supervision import Supervisor, in_starting_order
from obstack_lab.engine.tree import JOBS, PARENT, ROOT, tree_of
from obstack_lab.errors import EngineError, UnknownName


class Ready(Protocol):
    """Hears that an instance answers its readiness probe no more, or again."""

    def __call__(self, service: Service, instance: str, *, ready: bool) -> None:
        """Take an instance out of the balance, or back into it."""


class Components:
    """The infrastructure, the services of the stack and the jobs beside them."""

    def __init__(
        self,
        infrastructure: Sequence[SignalledUnit],
        parent: SignalledUnit | None,
        groups: Sequence[Group] = (),
    ) -> None:
        self.infrastructure = tuple(infrastructure)
        self.parent = parent
        self.groups = {group.name: group for group in groups}
        self.services: dict[str, Service] = {}
        self.jobs: dict[str, Job] = {}
        self.on_ready: Ready | None = None

    # --- finding ---

    def find(self, name: str) -> SignalledUnit | Group | Service | Instance:
        """Return a component by name; raise UnknownName."""
        if name in self.services:
            return self.services[name]
        if name in self.groups:
            return self.groups[name]
        for unit in self.units():
            if unit.name == name:
                return unit
        raise UnknownName("component", name, self.names())

    def service(self, name: str) -> Service:
        """Return a service by name; raise UnknownName."""
        if name not in self.services:
            raise UnknownName("service", name, tuple(self.services))
        return self.services[name]

    def units_of(self, name: str) -> Sequence[SignalledUnit | Instance]:
        """Return the processes of a component: the instances of a service, else itself."""
        found = self.find(name)
        if isinstance(found, Group):
            return found.units
        return found.instances if isinstance(found, Service) else [found]

    def names(self) -> tuple[str, ...]:
        """Return every name but those of instances."""
        own = tuple(unit.name for unit in self.infrastructure)
        jobs = (job.name for job in self._current_jobs())
        return (*own, *self.groups, *self.services, *jobs)

    def units(self) -> Iterator[SignalledUnit | Instance]:
        """Return every process."""
        yield from self.infrastructure
        for service in tuple(self.services.values()):
            yield from service.instances
        yield from self._current_jobs()

    # --- showing ---

    def snapshot(self) -> tuple[Component, ...]:
        """Return what is known of each now."""
        services = (service.component() for service in tuple(self.services.values()))
        jobs = (job.component() for job in self._current_jobs())
        return (*self._whole_infrastructure(), *services, *jobs)

    def tree(self, supervisor: Supervisor) -> Node:
        """Return the supervision tree."""
        return tree_of(
            self._whole_infrastructure(),
            {
                name: (service.component(), [each.component() for each in service.instances])
                for name, service in tuple(self.services.items())
            },
            (job.component() for job in self._current_jobs()),
            supervisor,
        )

    # --- the caretaker's family ---

    def wards(self) -> Sequence[Ward]:
        """Return every process with its place in the tree, in the order in which they start."""
        services = dict(self.services)
        order = in_starting_order({unit.component_name for unit in self.infrastructure})
        own = sorted(self.infrastructure, key=lambda unit: order.index(unit.component_name))
        return [
            *(Ward(unit, unit.component_name, ROOT) for unit in own),
            *(
                Ward(instance, name, PARENT if self.parent else ROOT)
                for name in in_starting_order(services)
                for instance in services[name].instances
            ),
            *(Ward(job, job.name, JOBS) for job in self._current_jobs()),
        ]

    def start_again(self, names: Sequence[str]) -> None:
        """Stop those of these processes that run, last first, and start them in this order."""
        units = [unit for name in names for unit in self.units() if unit.name == name]
        for unit in reversed(units):
            if unit.pid is not None:
                unit.stop()
        for unit in units:
            if isinstance(unit, Instance):
                self.start_parent()
            unit.start()
            if unit is self.parent:
                self.start_services()

    def start_parent(self) -> None:
        """Start what instances are forked from, where there is such a thing and it has ended."""
        if self.parent is not None and self.parent.pid is None:
            self.parent.start()

    def start_services(self) -> None:
        """Start every instance that does not run, those first that others need."""
        for name in in_starting_order(self.services):
            for instance in self.services[name].instances:
                instance.start()

    def ready(self, instance: str, *, ready: bool) -> None:
        """Take an instance out of the edge's balance, or back into it."""
        for service in tuple(self.services.values()):
            if self.on_ready and any(each.name == instance for each in service.instances):
                self.on_ready(service, instance, ready=ready)

    # --- ending ---

    def stop(self) -> None:
        """End all processes but the database, those first that need others."""
        first = [unit for unit in self.infrastructure if unit.kind == "load"]
        last = [unit for unit in self.infrastructure if unit.kind not in {"load", "database"}]
        _together([*first, *self.jobs.values(), *self.services.values()])
        _together(last)

    def _whole_infrastructure(self) -> Iterator[Component]:
        """Return what is no service, with groups in the place of what belongs to them."""
        told = set()
        for unit in self.infrastructure:
            group = self.groups.get(unit.component_name)
            if group is None:
                yield unit.component()
            elif group.name not in told:
                told.add(group.name)
                yield group.component()

    def _current_jobs(self) -> Iterator[Job]:
        """Return the jobs that run or went wrong; one that has done its work is gone."""
        for job in tuple(self.jobs.values()):
            if job.state != "stopped" and job.ending != "clean":
                yield job


def _together(units: Sequence[SignalledUnit | Service]) -> None:
    """End several at once; the first error is raised when all have been tried."""
    failed: list[Exception] = []

    def end(unit: SignalledUnit | Service) -> None:
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
