"""The compose engine: every component a container, but for the load."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.compose.box import Harbour
from obstack_lab.engine.compose.boxed import Boxed
from obstack_lab.engine.compose.capability import Capability, look
from obstack_lab.engine.compose.companions import companions
from obstack_lab.engine.compose.dock import Dock
from obstack_lab.engine.compose.edge import ContainerEdge, door
from obstack_lab.engine.compose.image import images, need
from obstack_lab.engine.compose.instance import ContainerInstance
from obstack_lab.engine.compose.job import ContainerJob
from obstack_lab.engine.compose.limits import ContainerLimits
from obstack_lab.engine.compose.postgres import ContainerPostgres
from obstack_lab.engine.compose.project import Project, Spec
from obstack_lab.engine.compose.prometheus import ContainerPrometheus
from obstack_lab.engine.compose.reap import reap
from obstack_lab.engine.compose.stores import built_in, loki_and_tempo
from obstack_lab.engine.compose.ways import NetworkWays
from obstack_lab.engine.embedded.crew import Crew
from obstack_lab.engine.embedded.load import Load
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.service import Service
from obstack_lab.engine.embedded.unit import Clock, Unit
from obstack_lab.engine.embedded.unit_engine import UnitEngine
from obstack_lab.engine.embedded.usage import usage_of
from obstack_lab.engine.interface import Stack, Usage
from obstack_lab.engine.pager import Pager
from obstack_lab.engine.reap import reap as reap_processes
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.engine.topology import ROUTES
from obstack_lab.errors import EngineError
from obstack_lab.settings import LabHome

_REAPER = "obstack_lab.engine.compose.reap"
_UNPRIVILEGED = 65532
"""As whom services run where we are root: the user of their image."""


class ComposeEngine(UnitEngine):
    """Runs PostgreSQL, Prometheus, the telemetry store, the edge and the services in containers.

    The profile `full` has Loki and Tempo behind a collector in the place of the lab's own store,
    and Grafana where it can reach the orchestrator; with a pager, Alertmanager runs.

    The load is a process beside us, as on the embedded engine. All of them end when the process
    that holds the engine ends; what outlives even the leash is reaped by the next `up` or `down`.
    """

    name = "compose"

    def __init__(
        self,
        home: LabHome,
        lab_id: str,
        *,
        full: bool = False,
        capability: Capability | None = None,
        callback: Callback | None = None,
        pager: Pager | None = None,
        clock: Clock = time.time,
    ) -> None:
        capability = capability or look()
        if capability.problem:
            raise EngineError(capability.problem, component="docker")
        home.create()
        self._roster = RosterFile(home.private / FILE_NAME, lab_id)
        place = Place(home, lab_id, clock, self._roster)
        self._images = images(full=full, pager=pager is not None)
        if callback is None:
            self._images.pop("LAB_GRAFANA_IMAGE", None)
        self._uid = os.geteuid() or _UNPRIVILEGED
        self._gid = os.getegid() if os.geteuid() else _UNPRIVILEGED
        self._dock = Dock(capability.host)
        self._variables = {
            **self._images,
            "LAB_HOME": str(home.path),
            "LAB_USER": f"{self._uid}:{self._gid}",
        }
        self._project = Project(home, capability, self._variables)
        self._harbour = harbour = Harbour(self._project, self._dock)
        self._postgres = postgres = ContainerPostgres(place, harbour)
        prometheus = ContainerPrometheus(place, harbour)
        stores = (loki_and_tempo if full else built_in)(place, harbour)
        edge, load = ContainerEdge(place, harbour), Load(place)
        beside = companions(place, harbour, grafana=callback if full else None, pager=pager)
        super().__init__(
            Crew(
                place,
                (postgres, prometheus, *beside, *stores.units, edge, load),
                database=postgres,
                network=edge,
                targets=prometheus,
                load=load,
                stores=stores,
                ways=NetworkWays(place, postgres),
                postgres_at=postgres.upstream,
                notified=next((b.upstream for b in beside if b.name == "alertmanager"), None),
            )
        )

    def outside(self, service: str) -> Mapping[str, str]:
        """Return what an instance is told, with what is published in the place of names."""
        told = dict(self.environment(service))
        for inside, published in self._published():
            told = {name: value.replace(inside, published) for name, value in told.items()}
        return told

    def _published(self) -> Iterator[tuple[str, str]]:
        """Return where containers look, and where this machine finds the same."""
        upstreams = {"postgres": f"127.0.0.1:{self._postgres.port}"}
        for service in self._all.services.values():
            first = service.instances[0] if service.instances else None
            if isinstance(first, ContainerInstance):
                upstreams[service.name] = first.outside
        for route in self._crew.network.routes():
            upstream = next(each.upstream for each in ROUTES if each.name == route)
            if upstream in upstreams:
                yield door(route), upstreams[upstream]
        yield self._postgres.upstream, upstreams["postgres"]

    def _bounds(self) -> ContainerLimits:
        return ContainerLimits(self._all.units_of, self._dock)

    def _prepare(self) -> None:
        home = self._place.home
        reap_processes(home)
        reap(self._dock)
        self._project.pull(need(self._images, self._dock.images()))
        self._variables_told()
        for folder in (home.releases, home.private / "payments"):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            if os.geteuid() == 0:
                os.chown(folder, self._uid, self._gid)
        self._place.spawner.hold_leash(
            home.private / FILE_NAME,
            {**self._place.environment(), **self._docker_environment()},
            _REAPER,
        )
        self._harbour.events.begin()

    def _variables_told(self) -> None:
        self._variables["LAB_POSTGRES_PASSWORD"] = self._postgres.passwords()["lab"]

    def _docker_environment(self) -> dict[str, str]:
        told = self._project.environment()
        return {name: value for name, value in told.items() if name.startswith("DOCKER_")}

    def _furnish(self, stack: Stack) -> None:  # noqa: ARG002 - services are made as they start
        """Make the containers of everything that does not run yet, in one command."""
        boxed = [unit for unit in self._crew.units if isinstance(unit, Boxed)]
        wanted: dict[str, tuple[Boxed, Spec]] = {
            unit.name: (unit, unit.spec()) for unit in boxed if unit.pid is None
        }
        self._project.create({name: spec for name, (_, spec) in wanted.items()})
        for unit, spec in wanted.values():
            unit.box.made(spec)

    def _instance(self, name: str, service: Service) -> ContainerInstance:
        return ContainerInstance(name, service, self._place, self._harbour)

    def _job(self, name: str) -> ContainerJob:
        return ContainerJob(name, self._place, self._harbour)

    def _usage(self, unit: Unit) -> Usage | None:
        if unit.pid is None:
            return None
        if not isinstance(unit, Boxed):
            return usage_of(unit.pid, with_children=True)
        found = unit.box.found()
        if found is None or not found.running:
            return None
        memory, seconds = self._dock.taken(found.id)
        return Usage(memory=memory, cpu_seconds=seconds)

    def _leave(self) -> None:
        self._postgres.stop()
        self._project.down()
        for unit in self._all.units():
            if isinstance(unit, Boxed):
                unit.box.forget()
        self._harbour.events.end()
        self._place.spawner.close()
        self._roster.clear()
