"""The daemon's life: components first, then the door; at the end everything goes down.

Imports little: the components start while the rest is still being imported.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.choice import choose
from obstack_lab.engine.interface import Engine
from obstack_lab.engine.pager import Pager
from obstack_lab.errors import LabError, UsageError
from obstack_lab.orchestrator.boot import Boot
from obstack_lab.orchestrator.daemon import FAILURE
from obstack_lab.orchestrator.listener import Listener
from obstack_lab.settings import LAB_ID_VARIABLE, LabHome
from obstack_lab.state import clear_state, new_lab_id


class Daemon:
    """One orchestrator in one lab directory."""

    def __init__(
        self, home: LabHome, *, engine: str, backends: str, alertmanager: bool = False
    ) -> None:
        self._home = home
        self._alertmanager = alertmanager
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
        listener = Listener()
        callback = Callback(listener.url, listener.token)
        pager = Pager.of(callback) if self._alertmanager else None
        engine = make_engine(
            self._engine_name, self._backends, self._home, lab_id, callback=callback, pager=pager
        )
        if engine.name == "compose":
            listener.open_door(self._home.door)
        boot = Boot(engine)
        boot.begin(self._give_up)
        try:
            from obstack_lab.orchestrator.orchestrator import LabIdentity
            from obstack_lab.orchestrator.serve import serving

            identity = LabIdentity(lab_id, engine.name, self._backends)
            with serving(self._home, engine, boot, identity, listener):
                self._stop.wait()
        finally:
            engine.stop()
            listener.close()
            clear_state(self._home)

    def _give_up(self, error: LabError) -> None:
        """Leave the reason for whoever waits, before the door closes."""
        with suppress(OSError):  # the disk may be full, which may be why
            (self._home.private / FAILURE).write_text(f"{error}\n", encoding="utf-8")
            print(error, file=sys.stderr)  # noqa: T201 - the daemon's log
        self._failed = error
        self._stop.set()


def make_engine(
    name: str,
    backends: str,
    home: LabHome,
    lab_id: str,
    *,
    callback: Callback | None = None,
    pager: Pager | None = None,
) -> Engine:
    """Return the engine of that name; `auto` is compose where everything is here for it."""
    native = backends == "native"
    choice = choose(name, native=native, pager=pager is not None)
    if choice.name == "compose":
        from obstack_lab.engine.compose.engine import ComposeEngine

        return ComposeEngine(
            home,
            lab_id,
            capability=choice.capability,
            full=native,
            callback=callback,
            pager=pager,
        )
    from obstack_lab.engine.embedded.engine import EmbeddedEngine
    from obstack_lab.engine.embedded.programs import need_native_stores

    if native:
        need_native_stores(home)
    return EmbeddedEngine(home, lab_id, native=native, callback=callback, pager=pager)


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
