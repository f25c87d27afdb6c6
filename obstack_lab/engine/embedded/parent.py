"""The pre-imported parent: services are forked from it, which makes them cheap and quick."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.process import describe_exit
from obstack_lab.engine.embedded.wired_unit import WiredUnit


@dataclass(frozen=True)
class Spawn:
    """A service to fork."""

    service: str
    release: str
    port: int
    env: Mapping[str, str]
    log: Path


class Parent(WiredUnit):
    """Forks services and tells when they end."""

    module = "sut.parent"
    stop_seconds = 4.0
    """It gives its children 2.5 s."""
    nice = 5
    """Below the notebook server and the load, so that both stay responsive on one CPU."""

    def __init__(self, place: Place) -> None:
        super().__init__("services", "parent", place)
        self._exits: dict[int, str] = {}
        self._changed = threading.Condition()

    def fork(self, spawn: Spawn) -> int:
        """Start a service and return its pid."""
        answer = self.ask(
            {
                "op": "spawn",
                "service": spawn.service,
                "release": spawn.release,
                "port": spawn.port,
                "env": dict(spawn.env),
                "log": str(spawn.log),
            }
        )
        return int(answer["pid"])

    def exit_of(self, pid: int) -> str | None:
        """Say how a service ended, None while it runs; with its parent it ends, too."""
        if how := self._exits.get(pid):
            return how
        return f"ended with its parent, which {how}" if (how := self._ended()) else None

    def forget(self, pid: int) -> None:
        """Drop what is known of a pid, which may be given again."""
        self._exits.pop(pid, None)

    def wait_exit(self, pid: int, seconds: float) -> bool:
        """Wait until a service has ended; say whether it has."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self.exit_of(pid) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.25))
        return True

    def _on_event(self, event: Mapping[str, Any]) -> None:
        if event.get("event") == "exit":
            signal, code = event.get("signal"), event.get("code")
            how = describe_exit(-int(signal) if signal else int(code or 0))
            with self._changed:
                self._exits[int(event["pid"])] = how
                self._changed.notify_all()
