"""The daemon's life: serve, start the components, tick, and take everything down at the end."""

from __future__ import annotations

import fcntl
import os
import secrets
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress

import psutil
import uvicorn

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import LabError, UsageError
from obstack_lab.orchestrator.api.application import application
from obstack_lab.orchestrator.api.broadcast import Broadcast
from obstack_lab.orchestrator.conductor import Conductor
from obstack_lab.orchestrator.daemon import FAILURE
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.impact import LedgerImpact
from obstack_lab.orchestrator.metrics import PrometheusMetrics
from obstack_lab.orchestrator.orchestrator import LabIdentity, Orchestrator
from obstack_lab.orchestrator.play import Stage
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.service_settings import SchemaSettings
from obstack_lab.orchestrator.watch import Orders
from obstack_lab.scenario.library import library
from obstack_lab.settings import (
    LAB_ID_VARIABLE,
    LabHome,
    LabState,
    clear_state,
    new_lab_id,
    write_state,
)

RECORDS_VARIABLE = "OBSTACK_LAB_RECORDS_URL"
LEDGER = "ledger.jsonl"
_GRACE = 2
_BACKGROUND_THREADS = 4


class Daemon:
    """One orchestrator in one lab directory."""

    def __init__(self, home: LabHome, *, engine: str, backends: str) -> None:
        self._home = home
        self._backends = backends
        self._engine_name = engine
        self._stop = threading.Event()
        self._failed: LabError | None = None

    def run(self) -> int:
        """Live until SIGTERM or SIGINT; return the exit code."""
        self._home.create()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        with _only_one(self._home):
            try:
                self._live()
            except LabError as error:
                self._give_up(error)
        if self._failed is None:
            return 0
        return 2 if isinstance(self._failed, UsageError) else 1

    def _live(self) -> None:
        lab_id = os.environ.setdefault(LAB_ID_VARIABLE, new_lab_id())
        engine = make_engine(self._engine_name, self._backends, self._home, lab_id)
        url = os.environ.get(RECORDS_VARIABLE)
        records = Records(url) if url else Records.at(self._home.records)
        metrics = PrometheusMetrics(lambda: engine.address("prometheus"))
        work = ThreadPoolExecutor(_BACKGROUND_THREADS, thread_name_prefix="background")
        lab = Orchestrator(
            LabIdentity(lab_id, engine.name, self._backends),
            Stage(
                engine=engine,
                metrics=metrics,
                records=records,
                settings=SchemaSettings(engine),
                work=work,
                clock=time.time,
                impact=LedgerImpact,
                ledger=lambda run: self._home.runs / run / LEDGER,
                drivers=DRIVERS,
                orders=Orders(),
            ),
            library(),
        )
        broadcast = Broadcast()
        conductor = Conductor(lab, broadcast.publish)
        token = secrets.token_urlsafe(32)
        server = _Server(application(lab, broadcast, token))
        try:
            port = server.start()
            self._write_state(lab_id, engine.name, token, port)
            conductor.start()
            starter = threading.Thread(target=self._boot, args=(lab,), name="boot", daemon=True)
            starter.start()
            self._stop.wait()
        finally:
            conductor.stop()
            with suppress(LabError):
                lab.interrupt("The lab was stopped (`./lab down`); the run ended there.")
            server.stop()
            work.shutdown(wait=False, cancel_futures=True)
            engine.stop()
            metrics.close()
            records.close()
            clear_state(self._home)

    def _boot(self, lab: Orchestrator) -> None:
        try:
            lab.boot()
        except LabError as error:
            self._give_up(error)
        except Exception as error:  # noqa: BLE001 - told to the one who waits, and logged
            traceback.print_exc()
            self._give_up(LabError(f"The lab did not start: {type(error).__name__}: {error}"))

    def _write_state(self, lab_id: str, engine: str, token: str, port: int) -> None:
        write_state(
            self._home,
            LabState(
                lab_id=lab_id,
                pid=os.getpid(),
                pid_started=psutil.Process().create_time(),
                url=f"http://127.0.0.1:{port}",
                token=token,
                engine=engine,
                backends=self._backends,
                started_at=time.time(),
            ),
        )

    def _give_up(self, error: LabError) -> None:
        """Leave the reason for whoever waits, before the door closes."""
        (self._home.private / FAILURE).write_text(f"{error}\n", encoding="utf-8")
        print(error, file=sys.stderr)  # noqa: T201 - the daemon's log
        self._failed = error
        self._stop.set()


def make_engine(name: str, backends: str, home: LabHome, lab_id: str) -> Engine:
    """Return the engine of that name; `auto` is the embedded one with its built-in stores."""
    if backends != "built-in":
        raise UsageError(
            f"The telemetry stores '{backends}' cannot be used here. Use `--backends built-in`."
        )
    if name in {"auto", "embedded"}:
        from obstack_lab.engine.embedded.engine import EmbeddedEngine

        return EmbeddedEngine(home, lab_id)
    raise UsageError(f"The engine '{name}' cannot be used here. Use `--engine embedded`.")


class _Server:
    """uvicorn in a thread of its own, on a free port of the loopback interface."""

    def __init__(self, app: object) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            app,  # type: ignore[arg-type]  # an ASGI application, as uvicorn spells it otherwise
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=_GRACE,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)

    def start(self) -> int:
        """Listen and serve; return the port."""
        self._socket.listen(128)
        self._thread.start()
        return int(self._socket.getsockname()[1])

    def stop(self) -> None:
        """Close the door; what is being answered gets a moment."""
        self._server.should_exit = True
        self._thread.join(_GRACE + 2)
        self._socket.close()

    def _run(self) -> None:
        self._server.run(sockets=[self._socket])


@contextmanager
def _only_one(home: LabHome) -> Iterator[None]:
    with (home.path / "orchestrator.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"An orchestrator runs in {home.path} already. Stop it with `./lab down`."
            ) from None
        yield
