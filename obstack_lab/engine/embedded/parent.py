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


@dataclass(frozen=True)
class Child:
    """A forked service: its pid, and which start of the parent it belongs to."""

    pid: int
    brood: int


class Parent(WiredUnit):
    """Forks services and tells when they end."""

    module = "sut.parent"
    stop_seconds = 4.0
    """It gives its children 2.5 s."""
    nice = 5
    """Below the notebook server and the load, so that both stay responsive on one CPU."""

    def __init__(self, place: Place) -> None:
        super().__init__("services", "parent", place)
        self._exits: dict[Child, str] = {}
        self._brood = 0
        self._changed = threading.Condition()

    def fork(self, spawn: Spawn) -> Child:
        """Start a service."""
        brood = self._brood
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
        return Child(int(answer["pid"]), brood)

    def exit_of(self, child: Child) -> str | None:
        """Say how a service ended, None while it runs; with its parent it ends, too."""
        if how := self._exits.get(child):
            return how
        if child.brood != self._brood:
            return "ended with its parent"
        return f"ended with its parent, which {how}" if (how := self._ended()) else None

    def forget(self, child: Child) -> None:
        """Drop what is known of a service that has ended: its pid may be given again."""
        self._exits.pop(child, None)

    def wait_exit(self, child: Child, seconds: float) -> bool:
        """Wait until a service has ended; say whether it has."""
        deadline = time.monotonic() + seconds
        with self._changed:
            while self.exit_of(child) is None:
                left = deadline - time.monotonic()
                if left <= 0:
                    return False
                self._changed.wait(min(left, 0.25))
        return True

    def _begin(self) -> None:
        self._brood += 1
        super()._begin()

    def _on_event(self, event: Mapping[str, Any]) -> None:
        if event.get("event") == "exit":
            signal, code = event.get("signal"), event.get("code")
            how = describe_exit(-int(signal) if signal else int(code or 0))
            with self._changed:
                self._exits[Child(int(event["pid"]), self._brood)] = how
                self._changed.notify_all()
