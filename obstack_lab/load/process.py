"""The load as a process: commands come in by one pipe, a status line goes out each second."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import stat
import sys
import threading
import time
from pathlib import Path

import orjson
from pydantic import ValidationError

from obstack_lab.errors import LabError
from obstack_lab.load.client import Client
from obstack_lab.load.command import (
    COMMAND,
    Command,
    Crave,
    Flood,
    Mix,
    Phase,
    Rush,
    Search,
    Start,
    Stop,
    Surge,
    SwitchLedger,
)
from obstack_lab.load.generator import Generator
from obstack_lab.load.writer import LedgerWriter

_STATUS_EVERY = 1.0
_GRACE = 4.0
"""Seconds that requests in flight get at the end, if users have that much patience."""
_BUSY = 0.05
"""Seconds of p99 lateness from which on the machine is too busy to trust latencies."""


class LoadProcess:
    """Does what the commands say until standard input closes or SIGTERM comes."""

    def __init__(self, ledger: Path) -> None:
        self._writer = LedgerWriter(ledger)
        self._generator: Generator | None = None
        self._patience = 0.0
        self._target = ""
        self._trouble = ""
        self._closing: set[asyncio.Task[int]] = set()

    async def run(self) -> None:
        """Serve until the end; what is in flight then still gets its entry."""
        loop = asyncio.get_running_loop()
        lines: asyncio.Queue[bytes | None] = asyncio.Queue()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, lines.put_nowait, None)
        threading.Thread(
            target=_read_lines, args=(loop, lines), name="load-commands", daemon=True
        ).start()
        status = loop.create_task(self._report())
        while (line := await lines.get()) is not None:
            if line.strip():
                self._obey(line)
        self._retire(self._patience)
        for task in list(self._closing):
            if dropped := await task:
                print(f"{dropped} requests in flight were dropped", file=sys.stderr)  # noqa: T201
        status.cancel()
        self._writer.close()
        _say(self._status())

    def _obey(self, line: bytes) -> None:
        """Follow one command; a bad one changes nothing and becomes the status' trouble."""
        try:
            command = COMMAND.validate_json(line)
            self._trouble = ""
            match command:
                case Start():
                    self._start(command)
                case SwitchLedger():
                    before, self._writer = self._writer, LedgerWriter(command.path)
                    before.close()
                case _ if self._generator:
                    _lead(self._generator, command)
                case _:
                    self._trouble = f"nothing to {command.op}: send `start` first"
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"]))
            self._trouble = f"bad command: {where}: {first['msg']}"
        except (LabError, OSError) as error:
            self._trouble = str(error)
        if self._trouble:
            print(self._trouble, file=sys.stderr, flush=True)  # noqa: T201

    def _start(self, command: Start) -> None:
        generator = Generator(
            command.load,
            patience=command.objective.patience,
            sender=Client(command.target),
            writer=lambda: self._writer,
            epoch=command.epoch,
        )
        self._retire(self._patience)
        self._patience = command.objective.patience
        self._target = command.target
        self._generator = generator
        gc.collect()
        gc.freeze()
        generator.start()

    def _retire(self, patience: float) -> None:
        """Let the generator end in the background."""
        if self._generator:
            end = self._generator.finish(grace=min(patience, _GRACE) + 0.1)
            task = asyncio.get_running_loop().create_task(end)
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
        self._generator = None

    async def _report(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + _STATUS_EVERY, loop.time())
            await asyncio.sleep(due - loop.time())
            self._writer.flush()
            if self._generator:
                self._generator.tune_clock()
            _say(self._status())

    def _status(self) -> dict[str, object]:
        generator = self._generator
        now = asyncio.get_running_loop().time()
        late = generator.lateness.snapshot(now) if generator else None
        p99 = late.p99 if late else None
        return {
            "at": time.time(),
            "target": self._target,
            "rate": generator.rate if generator else 0.0,
            "intended": generator.counts.intended if generator else 0,
            "sent": generator.counts.sent if generator else 0,
            "outcomes": dict(generator.counts.outcomes) if generator else {},
            "in_flight": generator.in_flight if generator else 0,
            "late_p50": late.p50 if late else None,
            "late_p99": p99,
            "late_worst": late.worst if late else None,
            "on_time": late.on_time if late else None,
            "busy": p99 is not None and p99 > _BUSY,
            "cpu_seconds": time.process_time(),
            "ledger": str(self._writer.path),
            "written": self._writer.written,
            "trouble": self._trouble or self._writer.trouble,
        }


def _lead(generator: Generator, command: Command) -> None:
    """Let the users do otherwise."""
    match command:
        case Phase():
            generator.follow(command.phase)
        case Surge():
            generator.surge(command.factor)
        case Rush():
            generator.rush(command.factor, command.seconds)
        case Mix():
            generator.mix(command.weights)
        case Crave():
            generator.taste.crave(command.product, command.share)
        case Search():
            generator.taste.search(command.text, command.share)
        case Flood():
            generator.flood.follow(command.step, command.rate)
        case Stop():
            generator.stop()


def _read_lines(loop: asyncio.AbstractEventLoop, lines: asyncio.Queue[bytes | None]) -> None:
    """Hand over standard input line by line, and None at its end."""

    def give(line: bytes | None) -> None:
        try:
            loop.call_soon_threadsafe(lines.put_nowait, line)
        except RuntimeError:  # the loop has ended before us
            return

    rest = b""
    while piece := os.read(sys.stdin.fileno(), 65536):
        *whole, rest = (rest + piece).split(b"\n")
        for line in whole:
            give(line)
    give(None)


def _say(status: dict[str, object]) -> None:
    """Print a status line; a reader who is slow or gone misses it, and holds nobody up."""
    try:
        os.write(sys.stdout.fileno(), orjson.dumps(status, option=orjson.OPT_APPEND_NEWLINE))
    except (BlockingIOError, BrokenPipeError):
        return


def main(ledger: Path) -> None:
    """Run the load until its end."""
    if stat.S_ISFIFO(os.fstat(sys.stdout.fileno()).st_mode):
        os.set_blocking(sys.stdout.fileno(), False)
    # Young objects die young here; a full collection in between would make arrivals late.
    gc.set_threshold(20_000, 50, 1000)
    asyncio.run(LoadProcess(ledger).run())
