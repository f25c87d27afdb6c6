"""PostgreSQL's log file, followed and shipped to the log store."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

from sut.exporter.log_entry import Reader
from sut.log import Line
from sut.shipping import LogShipper

PERIOD_SECONDS = 0.5
MOST_BYTES = 1 << 20
"""What is read at once; a flood is taken in several turns."""


class LogTail:
    """A part of the service: hands every new entry of the file to the shipper."""

    def __init__(self, path: Path, shipper: LogShipper) -> None:
        self._path = path
        self._shipper = shipper
        self._reader = Reader()
        self._position = path.stat().st_size if path.exists() else 0
        self._rest = b""
        self._ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Begin to follow, from the end of the file."""
        self._shipper.start()
        self._task = asyncio.create_task(self._follow())

    async def apply(self) -> None:
        """Nothing here can be set."""

    async def ready(self) -> str:
        """Return `''`: a file that is not there yet will come."""
        return ""

    async def close(self) -> None:
        """Hand out what is there, the last entry too, and end."""
        self._ended.set()
        if self._task:
            await self._task
        self.look()
        self.look()
        await asyncio.to_thread(self._shipper.stop)

    async def _follow(self) -> None:
        while not self._ended.is_set():
            self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PERIOD_SECONDS):
                    await self._ended.wait()

    def look(self) -> None:
        """Read what is new; an entry is complete when a look finds nothing more of it."""
        try:
            new = self._read()
        except OSError:
            return
        *lines, self._rest = (self._rest + new).split(b"\n")
        for text in lines:
            self._hand(self._reader.take(text.decode("utf-8", "replace")))
        if not new:
            self._hand(self._reader.flush())

    def _read(self) -> bytes:
        if self._path.stat().st_size < self._position:
            self._position, self._rest = 0, b""
        with self._path.open("rb") as file:
            file.seek(self._position)
            new = file.read(MOST_BYTES)
        self._position += len(new)
        return new

    def _hand(self, line: Line | None) -> None:
        if line is not None:
            self._shipper.offer(line)
