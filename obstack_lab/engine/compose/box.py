"""The container of one component: found by its labels, started and ended by the engine's API."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from obstack_lab.engine.compose.dock import Dock, Found
from obstack_lab.engine.compose.events import Events
from obstack_lab.engine.compose.project import Project, Spec
from obstack_lab.engine.embedded.process import describe_exit, open_log
from obstack_lab.errors import EngineError

_SIGNALLED = 128


class Harbour:
    """What all containers of a lab share: the project, the API, the news."""

    def __init__(self, project: Project, dock: Dock) -> None:
        self.project = project
        self.dock = dock
        self.events = Events(dock, project.name)


class Box:
    """A container by the name of its service in the project."""

    def __init__(self, name: str, log: Path, harbour: Harbour) -> None:
        self.name = name
        self._log = log
        self._harbour = harbour
        self._made: Spec | None = None
        self._known: tuple[int, Found | None] | None = None
        self._follower: threading.Thread | None = None

    # --- what it is like now ---

    @property
    def pid(self) -> int | None:
        """The process id of its first process, as the engine's machine counts."""
        found = self.found()
        return found.pid if found is not None and found.running else None

    def ended(self) -> str | None:
        """Say how it ended, None while it runs."""
        found = self.found()
        if found is None:
            return "was never started" if self._made is None else "was removed"
        if found.running:
            return None
        if found.out_of_memory:
            return "killed by SIGKILL: out of memory"
        code = found.exit_code
        return describe_exit(_SIGNALLED - code if code > _SIGNALLED else code)

    def found(self) -> Found | None:
        """Return the container; asked again only when something has happened to it."""
        news = self._harbour.events.count(self.name)
        if self._known is None or self._known[0] != news:
            self._known = (news, self._harbour.dock.find(self._harbour.project.name, self.name))
        return self._known[1]

    # --- what is done to it ---

    def make(self, spec: Spec) -> None:
        """Have a container of this description, unless there is one."""
        if self._made != spec or self.found() is None:
            self._harbour.project.create({self.name: spec})
            self.made(spec)

    def made(self, spec: Spec) -> None:
        """Take that the project has made a container of this description."""
        self._made = spec
        self._known = None

    def start(self) -> int:
        """Start it and return its process id; what it says goes to the log."""
        self._known = None
        found = self._need()
        said = self._harbour.dock.attach(found.id)
        self._follower = threading.Thread(
            target=self._follow, args=(said,), name=f"obstack-log-{self.name}", daemon=True
        )
        self._follower.start()
        self._harbour.dock.start(found.id)
        self._known = None
        return self._need().pid

    def stop(self, seconds: float) -> None:
        """End it; one that does not run is no error."""
        self._known = None
        found = self.found()
        if found is not None and found.running:
            self._harbour.dock.stop(found.id, seconds)
        if self._follower is not None:
            self._follower.join(timeout=2)
            self._follower = None
        self._known = None

    def kill(self, signal: str) -> None:
        """Send a signal to its first process; one that has ended is no error."""
        found = self.found()
        if found is not None and found.running:
            self._harbour.dock.kill(found.id, signal)

    def forget(self) -> None:
        """Take that it is gone with its project."""
        self._made = self._known = None

    def _need(self) -> Found:
        found = self.found()
        if found is None:
            raise EngineError(
                f"The container of {self.name} is gone. Restart it: `restart {self.name}`.",
                component=self.name,
            )
        return found

    def _follow(self, said: Iterator[bytes]) -> None:
        log = open_log(self._log)
        try:
            with contextlib.suppress(Exception):  # the engine went away, and so did the container
                for piece in said:
                    os.write(log, piece)
        finally:
            os.close(log)
