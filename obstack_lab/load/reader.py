"""Reads ledgers: a whole file, or a growing one as far as it has come."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import ValidationError

from obstack_lab.load.ledger import LedgerEntry

_CHUNK = 1 << 20


class LedgerTail:
    """Reads a growing ledger piece by piece; a last line that is not whole yet waits.

    A line that is no ledger entry (the disk was full, the process was killed while it wrote) is
    skipped and counted in `damaged`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.damaged = 0
        self._offset = 0
        self._rest = b""

    def read(self) -> list[LedgerEntry]:
        """Return the entries that came since the last call; none while there is no file."""
        return list(self._entries())

    def _entries(self) -> Iterator[LedgerEntry]:
        try:
            file = self.path.open("rb")
        except FileNotFoundError:
            return
        with file:
            file.seek(self._offset)
            while piece := file.read(_CHUNK):
                self._offset += len(piece)
                *lines, self._rest = (self._rest + piece).split(b"\n")
                for line in lines:
                    if entry := self._parse(line):
                        yield entry

    def _parse(self, line: bytes) -> LedgerEntry | None:
        if not line.strip():
            return None
        try:
            return LedgerEntry.model_validate_json(line)
        except ValidationError:
            self.damaged += 1
            return None


def read_ledger(path: Path) -> list[LedgerEntry]:
    """Return a ledger's entries in the order of their intended times; empty where no file is."""
    return sorted(LedgerTail(path).read(), key=lambda entry: (entry.intended, entry.seq))
