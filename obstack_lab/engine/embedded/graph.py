"""Start many things at once, each as soon as what it needs is ready."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from obstack_lab.engine.embedded.unit import Clock
from obstack_lab.engine.interface import Progress, Report
from obstack_lab.errors import EngineError, LabError, Timeout

_State = Literal["waiting", "starting", "ready", "failed"]
_DEADLINE = 120.0


@dataclass(frozen=True)
class Task:
    """Something to do, and the names of the tasks that must be done before."""

    run: Callable[[], None]
    needs: tuple[str, ...] = ()


class Graph:
    """Runs tasks in parallel. The first error is raised, after all that run have come to an end."""

    def __init__(self, tasks: Mapping[str, Task], report: Report, clock: Clock) -> None:
        self._tasks = tasks
        self._report = report
        self._clock = clock
        self._began = clock()
        self._done: set[str] = set()
        self._failed: dict[str, LabError] = {}
        self._changed = threading.Condition()

    def run(self) -> None:
        """Run all tasks and return when all are done."""
        threads = [
            threading.Thread(target=self._play, args=(name,), name=f"obstack-start-{name}")
            for name in self._tasks
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for error in self._failed.values():
            raise error

    def _play(self, name: str) -> None:
        task = self._tasks[name]
        with self._changed:
            if not set(task.needs) <= self._done:
                self._say(name, "waiting", detail=", ".join(task.needs))
            ready = self._changed.wait_for(
                lambda: self._failed or set(task.needs) <= self._done, _DEADLINE
            )
            if self._failed:
                return
            if not ready:
                self._failed[name] = Timeout(f"{name} waited in vain for {', '.join(task.needs)}.")
                self._changed.notify_all()
                return
        self._say(name, "starting")
        try:
            task.run()
        except LabError as error:
            self._fail(name, error)
        except Exception as error:  # noqa: BLE001 raised again by run(), in the caller's thread
            problem = EngineError(f"{name} could not be started: {error}", component=name)
            problem.__cause__ = error
            self._fail(name, problem)
        else:
            with self._changed:
                self._done.add(name)
                self._changed.notify_all()
            self._say(name, "ready")

    def _fail(self, name: str, error: LabError) -> None:
        with self._changed:
            self._failed[name] = error
            self._changed.notify_all()
        self._say(name, "failed", detail=str(error))

    def _say(self, name: str, state: _State, detail: str = "") -> None:
        seconds = self._clock() - self._began
        self._report(Progress(name, state, seconds, detail))
