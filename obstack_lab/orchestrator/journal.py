"""The journal of one run: numbered, append-only, kept in the records as it grows."""

from __future__ import annotations

import threading

from obstack_lab.orchestrator.records import Records
from obstack_lab.review.journal import HIDDEN_UNTIL_ENDED, JournalEntry


class Journal:
    """Appends entries and answers what a reader may see; thread-safe."""

    def __init__(self, run: str, records: Records) -> None:
        self._run = run
        self._records = records
        self._entries = list(records.journal(run))
        self._lock = threading.Lock()

    def append(self, entry: JournalEntry) -> JournalEntry:
        """Keep an entry under the next number; return it with that."""
        with self._lock:
            numbered = entry.model_copy(update={"seq": self.last + 1})
            self._records.append(self._run, numbered)
            self._entries.append(numbered)
        return numbered

    @property
    def last(self) -> int:
        """Number of the last entry, 0 while there is none."""
        return self._entries[-1].seq if self._entries else 0

    def all(self) -> tuple[JournalEntry, ...]:
        """Return every entry, hidden ones too: for the review and for ourselves."""
        with self._lock:
            return tuple(self._entries)

    def shown(self, *, after: int = 0, ended: bool) -> tuple[JournalEntry, ...]:
        """Return what a learner may read: the fault plane only once the run has ended."""
        return tuple(
            entry
            for entry in self.all()
            if entry.seq > after and (ended or entry.kind not in HIDDEN_UNTIL_ENDED)
        )
