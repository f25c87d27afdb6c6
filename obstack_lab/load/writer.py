"""Appends ledger entries to their file, one JSON line each, as soon as they are known."""

from __future__ import annotations

import os
from collections import deque
from pathlib import Path

import orjson

from obstack_lab.load.ledger import Outcome

_KEEP = 200_000
"""Lines kept in memory while the disk takes none."""


class LedgerWriter:
    """Writes lines whole; while the disk is full they wait, and `trouble` says so."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self.written = 0
        self.trouble = ""
        self._waiting: deque[bytes] = deque(maxlen=_KEEP)
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            # A process that was killed while it wrote has left half a line.
            self._waiting.append(b"\n")

    def write(
        self,
        *,
        seq: int,
        user: str,
        journey: str,
        step: str,
        method: str,
        route: str,
        intended: float,
        sent: float | None,
        latency: float,
        status: int,
        outcome: Outcome,
        trace_id: str,
    ) -> None:
        """Append one entry; the fields are those of `LedgerEntry`."""
        line = {
            "seq": seq,
            "user": user,
            "journey": journey,
            "step": step,
            "method": method,
            "route": route,
            "intended": round(intended, 6),
            "sent": None if sent is None else round(sent, 6),
            "latency": round(latency, 6),
            "status": status,
            "outcome": outcome.value,
            "trace_id": trace_id,
        }
        self._waiting.append(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE))
        self.flush()

    def flush(self) -> None:
        """Write what waits; a failure is kept as `trouble` and tried again at the next call."""
        while self._waiting:
            line = self._waiting[0]
            try:
                done = os.write(self._file, line)
            except OSError as error:
                self.trouble = f"cannot write the ledger: {error.strerror}. Free some disk space."
                return
            if done < len(line):
                self._waiting[0] = line[done:]
                continue
            self._waiting.popleft()
            self.written += line != b"\n"
        self.trouble = ""

    def close(self) -> None:
        """Write what waits, and let the file go."""
        self.flush()
        os.close(self._file)
