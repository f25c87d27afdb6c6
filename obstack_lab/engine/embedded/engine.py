"""The embedded engine: every component a process of this machine."""

from __future__ import annotations

import time

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.embedded.alertmanager import Alertmanager
from obstack_lab.engine.embedded.crew import Crew
from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.forked import ForkedInstance
from obstack_lab.engine.embedded.grafana import Grafana
from obstack_lab.engine.embedded.job import Job, ProcessJob
from obstack_lab.engine.embedded.load import Load
from obstack_lab.engine.embedded.parent import Parent
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.postgres import Postgres
from obstack_lab.engine.embedded.process_limits import ProcessLimits
from obstack_lab.engine.embedded.programs import find_alertmanager, find_grafana, find_program
from obstack_lab.engine.embedded.prometheus import Prometheus
from obstack_lab.engine.embedded.service import Service
from obstack_lab.engine.embedded.stores import BuiltIn, Native, Stores
from obstack_lab.engine.embedded.unit import Clock, Unit
from obstack_lab.engine.embedded.unit_engine import UnitEngine
from obstack_lab.engine.embedded.usage import usage_of
from obstack_lab.engine.embedded.ways import LoopbackWays
from obstack_lab.engine.interface import Stack, Usage
from obstack_lab.engine.pager import Pager
from obstack_lab.engine.reap import reap
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.settings import LabHome


class EmbeddedEngine(UnitEngine):
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
        self._roster = RosterFile(home.private / FILE_NAME, lab_id)
        place = Place(home, lab_id, clock, self._roster)
        self._postgres = postgres = Postgres(place)
        self._alertmanager = told = Alertmanager(place, pager) if pager else None
        self._parent = parent = Parent(place)
        prometheus, edge, load = Prometheus(place), Edge(place), Load(place)
        stores: Stores = Native(place) if native else BuiltIn(place)
        program = find_grafana(home) if native and callback else None
        grafana = Grafana(place, program, callback) if program and callback else None
        beside = filter(None, (told, grafana))
        super().__init__(
            Crew(
                place,
                (postgres, prometheus, *beside, *stores.units, edge, load, parent),
                database=postgres,
                network=edge,
                targets=prometheus,
                load=load,
                stores=stores,
                ways=LoopbackWays(place, postgres, edge),
                postgres_at=f"127.0.0.1:{postgres.port}",
                parent=parent,
                notified=told.listens if told else None,
            )
        )

    def _bounds(self) -> ProcessLimits:
        return ProcessLimits(
            self._all.units_of, f"obstack-{self._place.lab_id}", self._roster.keep_folders
        )

    def _prepare(self) -> None:
        home = self._place.home
        reap(home)
        find_program("prometheus", home)
        if self._alertmanager:
            find_alertmanager(home)
        self._place.spawner.hold_leash(home.private / FILE_NAME, self._place.environment())

    def _furnish(self, stack: Stack) -> None:
        """Nothing: a process needs no place made for it."""

    def _instance(self, name: str, service: Service) -> ForkedInstance:
        return ForkedInstance(name, service, self._place, self._parent)

    def _job(self, name: str) -> Job:
        return ProcessJob(name, self._place)

    def _usage(self, unit: Unit) -> Usage | None:
        if unit.pid is None:
            return None
        return usage_of(unit.pid, with_children=unit is not self._parent)

    def _leave(self) -> None:
        self._postgres.stop()
        self._place.spawner.close()
        self._roster.clear()
