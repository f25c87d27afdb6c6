"""Puts the orchestrator together and opens its door."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psutil
import uvicorn
from starlette.types import ASGIApp

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import LabError
from obstack_lab.orchestrator.api.application import application
from obstack_lab.orchestrator.api.broadcast import Broadcast
from obstack_lab.orchestrator.boot import Boot
from obstack_lab.orchestrator.conductor import Conductor
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.herald import Herald
from obstack_lab.orchestrator.impact import LedgerImpact
from obstack_lab.orchestrator.listener import Listener
from obstack_lab.orchestrator.metrics import PrometheusMetrics
from obstack_lab.orchestrator.orchestrator import LabIdentity, Orchestrator
from obstack_lab.orchestrator.play import Stage
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.service_settings import SchemaSettings
from obstack_lab.orchestrator.store import store_of
from obstack_lab.orchestrator.watch import Orders
from obstack_lab.scenario.library import library
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState, write_state
from sut.server import Server

RECORDS_VARIABLE = "OBSTACK_LAB_RECORDS_URL"
LEARNER_VARIABLE = "OBSTACK_LAB_LEARNER"
_HUB_USER_VARIABLE = "JUPYTERHUB_USER"
LEDGER = "ledger.jsonl"
_GRACE = 2
_BACKGROUND_THREADS = 4


@contextmanager
def serving(
    home: LabHome, engine: Engine, boot: Boot, identity: LabIdentity, listener: Listener
) -> Iterator[None]:
    """Serve and conduct; at the end say so to the active run and close the door.

    Raises LabError where the records cannot be opened.
    """
    url = os.environ.get(RECORDS_VARIABLE)
    learner = os.environ.get(LEARNER_VARIABLE) or os.environ.get(_HUB_USER_VARIABLE, "")
    records = Records(url, learner=learner) if url else Records.at(home.records)
    metrics = PrometheusMetrics(lambda: engine.address("prometheus"))
    herald = Herald(lambda: engine.address(store_of(engine, "loki")))
    work = ThreadPoolExecutor(_BACKGROUND_THREADS, thread_name_prefix="background")
    stage = Stage(
        engine=engine,
        metrics=metrics,
        records=records,
        settings=SchemaSettings(engine),
        work=work,
        clock=time.time,
        impact=LedgerImpact,
        ledger=lambda run: home.runs / run / LEDGER,
        drivers=DRIVERS,
        orders=Orders(),
        delivery=Delivery(home.releases, engine),
        tell=herald.tell,
    )
    lab = Orchestrator(identity, stage, library(), boot)
    lab.mark_interrupted()
    broadcast = Broadcast()
    conductor = Conductor(lab, broadcast.publish)
    server = _Server(application(lab, broadcast, listener.token), listener.sockets)
    try:
        server.start()
        write_state(
            home,
            LabState(
                lab_id=identity.lab_id,
                pid=os.getpid(),
                pid_started=psutil.Process().create_time(),
                url=listener.url,
                token=listener.token,
                engine=identity.engine,
                backends=identity.backends,
                started_at=time.time(),
            ),
        )
        herald.start()
        conductor.start()
        yield
    finally:
        conductor.stop()
        with suppress(LabError):
            lab.interrupt("The lab was stopped (`./lab down`); the run ended there.")
        herald.stop()
        server.stop()
        work.shutdown(wait=False, cancel_futures=True)
        metrics.close()
        records.close()


class _Server:
    """uvicorn in a thread of its own, on the sockets that are held for it."""

    def __init__(self, app: ASGIApp, held: list[socket.socket]) -> None:
        self._sockets = held
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> None:
        """Listen and serve."""
        for each in self._sockets:
            each.listen(128)
        self._thread.start()

    def stop(self) -> None:
        """Close the door; what is being answered gets a moment."""
        self._server.end()
        self._thread.join(_GRACE + 2)
        for each in self._sockets:
            each.close()

    def _run(self) -> None:
        self._server.run(sockets=self._sockets)
