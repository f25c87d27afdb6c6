"""Tells the log store what everybody may know: changes, actions, a run's course, users' figures.

Dashboards draw it as annotations, and learners can ask for it: `{service_name="orchestrator"}`.
Telling costs a run nothing: lines wait in a bounded queue, the oldest go while the store is away.
"""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import httpx

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.feed import feed
from obstack_lab.review.journal import (
    ActionEntry,
    ChangeEntry,
    JournalEntry,
    PhaseEntry,
    SampleEntry,
)

SERVICE = "orchestrator"
_EVERY = 1.0
_FIGURES_EVERY = 5.0
_TIMEOUT = httpx.Timeout(5, connect=2)
_WAITING = 1000
_END_WITHIN = 5.0
_PATH = "loki/api/v1/push"


class Line(NamedTuple):
    """One line, of the stream of its kind."""

    at: float
    kind: str
    fields: dict[str, str | float | None]


class Herald:
    """A thread that ships lines once a second; `tell` only queues and never fails."""

    def __init__(
        self, address: Callable[[], str], transport: httpx.BaseTransport | None = None
    ) -> None:
        self._address = address
        self._http = httpx.Client(timeout=_TIMEOUT, trust_env=False, transport=transport)
        self._waiting: deque[Line] = deque(maxlen=_WAITING)
        self._counted = 0.0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="herald", daemon=True)

    def start(self) -> None:
        """Begin to ship."""
        self._thread.start()

    def stop(self) -> None:
        """Ship what waits, then end."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join(_END_WITHIN)
        self._http.close()

    def tell(self, entry: JournalEntry) -> None:
        """Take a journal entry; what is nobody's business but the journal's is left out."""
        line = self._line(entry)
        if line is not None:
            self._waiting.append(line)

    def ship(self) -> None:
        """Send what waits; it goes on waiting while no store takes it."""
        lines = [self._waiting.popleft() for _ in range(len(self._waiting))]
        if lines and not self._sent(lines):
            room = _WAITING - len(self._waiting)
            self._waiting.extendleft(reversed(lines[-room:] if room else []))

    def _sent(self, lines: list[Line]) -> bool:
        try:
            answer = self._http.post(f"{self._address()}/{_PATH}", json=_push(lines))
        except (httpx.HTTPError, LabError):
            return False
        return answer.status_code < 500

    def _run(self) -> None:
        while not self._stop.wait(_EVERY):
            self.ship()
        self.ship()

    def _line(self, entry: JournalEntry) -> Line | None:
        match entry:
            case ChangeEntry():
                fields = {"who": entry.who, "component": entry.component, "what": entry.what}
                return Line(entry.at, "change", {**_said(entry), **fields})
            case ActionEntry() if entry.status != "started":
                fields = {"who": "you", "action": entry.action, "status": entry.status}
                return Line(entry.at, "action", {**_said(entry), **fields})
            case PhaseEntry(phase="incident" | "ended"):
                return Line(entry.at, "run", {**_said(entry), "who": "lab", "phase": entry.phase})
            case SampleEntry() if entry.at - self._counted >= _FIGURES_EVERY:
                self._counted = entry.at
                figures = entry.model_dump(exclude={"seq", "at", "kind"})
                return Line(entry.at, "users", {"message": "users", **figures})
        return None


def _said(entry: JournalEntry) -> dict[str, str]:
    return {"message": next((line.text for line in feed((entry,))), "")}


def _push(lines: Iterable[Line]) -> dict[str, object]:
    streams: dict[str, list[list[str]]] = {}
    for line in lines:
        text = json.dumps({"level": "info", **line.fields}, ensure_ascii=False)
        streams.setdefault(line.kind, []).append([str(round(line.at * 1e6) * 1000), text])
    return {
        "streams": [
            {"stream": {"service_name": SERVICE, "kind": kind}, "values": values}
            for kind, values in streams.items()
        ]
    }
