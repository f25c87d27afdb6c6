"""An instance that the pre-imported parent forks."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from typing import TYPE_CHECKING

from obstack_lab.engine.embedded.instance import TLS, Instance
from obstack_lab.engine.embedded.parent import Child, Parent, Spawn
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import wait_ready
from obstack_lab.engine.embedded.process import last_words
from obstack_lab.errors import EngineError

if TYPE_CHECKING:
    from obstack_lab.engine.embedded.service import Service

_STOP_SECONDS = 0.7
_KILL_SECONDS = 3.0
_READY_SECONDS = 20.0


class ForkedInstance(Instance):
    """A process of its own for signals, limits and crashes, and a child of the parent."""

    def __init__(self, name: str, service: Service, place: Place, parent: Parent) -> None:
        super().__init__(name, service, place)
        self._parent = parent
        self._child: Child | None = None

    @property
    def serving_port(self) -> int:
        tls = self._service.name in TLS
        return self._place.ports.of(f"{self.name}:tls") if tls else self.port

    @property
    def serves(self) -> str:
        return f"127.0.0.1:{self.serving_port}"

    @property
    def scraped(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        child = self._child
        return child.pid if child is not None and self._ended() is None else None

    def kill(self, number: signal.Signals) -> None:
        if (pid := self.pid) is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)

    def _begin(self) -> None:
        service = self._service
        self.release = service.release_of(self.name)
        self._told = self._environment()
        self._child = self._parent.fork(
            Spawn(
                service=service.name,
                release=self.release,
                port=self.port,
                env={
                    **self._told,
                    "SERVICE_INSTANCE_ID": self.name,
                    "SERVICE_SETTINGS": json.dumps(dict(service.settings)),
                },
                log=self._place.log(service.name),
            )
        )
        self._place.roster.add(self.name, self._child.pid)
        self.on_spawn(self._child.pid)
        wait_ready(
            self._problem,
            self._ended,
            component=self.name,
            seconds=_READY_SECONDS,
            hint=lambda: last_words(self._place.log(service.name), service.name),
        )

    def _end(self) -> None:
        child = self._child
        if child is not None:
            for number, seconds in (
                (signal.SIGTERM, _STOP_SECONDS),
                (signal.SIGKILL, _KILL_SECONDS),
            ):
                self.kill(number)
                self.kill(signal.SIGCONT)
                if self._parent.wait_exit(child, seconds):
                    break
            else:
                raise EngineError(
                    f"{self.name} (pid {child.pid}) does not end. Restart its parent: "
                    "`restart services`.",
                    component=self.name,
                )
            self._parent.forget(child)
            self._child = None
        self._place.roster.remove([self.name])

    def _ended(self) -> str | None:
        child = self._child
        return "was never started" if child is None else self._parent.exit_of(child)
