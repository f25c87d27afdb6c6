"""The load component, and the line to it."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from collections.abc import Mapping
from typing import IO

from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.probe import Problem
from obstack_lab.engine.embedded.process import Command
from obstack_lab.engine.embedded.process_unit import ProcessUnit
from obstack_lab.errors import EngineError

_SILENCE_SECONDS = 5.0


class Load(ProcessUnit):
    """Virtual users in a process of their own: commands on stdin, a status line a second."""

    ready_seconds = 45.0
    stop_seconds = 5.0
    """It lets requests in flight end, so that each has its entry in the ledger."""

    def __init__(self, place: Place) -> None:
        super().__init__("load", "load", place)
        self._status_line: Mapping[str, object] | None = None
        self._heard = 0.0
        self._count = 0
        self._writing = threading.Lock()

    @property
    def generation(self) -> int:
        return self._count

    def send(self, command: Mapping[str, object]) -> None:
        """Send one command line."""
        process = self._process
        pipe = process.popen.stdin if process is not None and process.ended() is None else None
        try:
            if pipe is None:
                raise BrokenPipeError
            with self._writing:
                pipe.write(json.dumps(command).encode() + b"\n")
                pipe.flush()
        except (OSError, ValueError) as error:
            raise EngineError(
                "The load does not run. Restart it: `restart load`.", component=self.name
            ) from error

    def status(self) -> Mapping[str, object] | None:
        """Return the last status line of this generation."""
        return self._status_line

    def _begin(self) -> None:
        self._status_line = None
        self._spawn()
        self._heard = self._clock()
        self._count += 1
        process = self._process
        if process is not None and process.popen.stdout is not None:
            threading.Thread(
                target=self._listen,
                args=(process.popen.stdout, self._count),
                name="obstack-load-status",
                daemon=True,
            ).start()
        self._wait_ready()

    def _command(self) -> Command:
        folder = self._place.home.data / "load"
        folder.mkdir(parents=True, exist_ok=True)
        ledger = str(folder / "ledger.jsonl")
        return Command(
            argv=(sys.executable, "-m", "obstack_lab.load", "--ledger", ledger),
            env=self._place.environment(),
            log=self._place.log(self.name),
            cwd=self._place.home.path,
            pipes=True,
        )

    def _problem(self) -> Problem:
        if self._status_line is None:
            return "has not said anything yet"
        silent = self._clock() - self._heard
        return f"silent for {silent:.0f} s" if silent > _SILENCE_SECONDS else ""

    def _listen(self, lines: IO[bytes], generation: int) -> None:
        with contextlib.suppress(OSError, ValueError):
            for line in lines:
                if generation == self._count:
                    self._take(line)

    def _take(self, line: bytes) -> None:
        try:
            status = json.loads(line)
        except ValueError:
            return
        if isinstance(status, dict):
            self._status_line = status
            self._heard = self._clock()
