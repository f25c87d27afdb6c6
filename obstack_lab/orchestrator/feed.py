"""The journal as people read it: the feed and the change log, newest first."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from obstack_lab.orchestrator.views import FeedEntry
from obstack_lab.review.journal import (
    ActionEntry,
    AlertEntry,
    ChangeEntry,
    ComponentEntry,
    DeclareEntry,
    HintEntry,
    JournalEntry,
    MessageEntry,
    NoteEntry,
    PhaseEntry,
)

Kind = Literal["message", "hint", "system", "change", "alert", "action", "note"]
_LENGTH = 100
_ALERTS = {
    "firing": "fires",
    "resolved": "is over",
    "acknowledged": "was acknowledged",
}


def feed(entries: Iterable[JournalEntry]) -> tuple[FeedEntry, ...]:
    """Return the feed, at most 100 lines."""
    lines = [line for entry in entries if (line := _line(entry)) is not None]
    return tuple(reversed(lines[-_LENGTH:]))


def change_log(entries: Iterable[JournalEntry]) -> tuple[FeedEntry, ...]:
    """Return the change log."""
    changes = (entry for entry in entries if isinstance(entry, ChangeEntry))
    lines = [line for entry in changes if (line := _line(entry)) is not None]
    return tuple(reversed(lines))


def _line(entry: JournalEntry) -> FeedEntry | None:
    said = _said(entry)
    if said is None:
        return None
    kind, sender, text = said
    return FeedEntry(seq=entry.seq, at=entry.at, kind=kind, sender=sender, text=text)


def _said(entry: JournalEntry) -> tuple[Kind, str, str] | None:
    said: tuple[Kind, str, str] | None = None
    match entry:
        case MessageEntry():
            said = "message", entry.sender, entry.text
        case HintEntry():
            said = "hint", "hint", entry.text
        case ChangeEntry():
            said = "change", entry.who, _change(entry)
        case AlertEntry() if entry.state in _ALERTS:
            what = f"{entry.name} {_ALERTS[entry.state]}"
            why = f": {entry.summary}" if entry.state == "firing" and entry.summary else ""
            said = "alert", "Prometheus", what + why
        case ActionEntry() if entry.status != "started":
            said = "action", "you", f"{entry.action}: {entry.result}"
        case NoteEntry():
            said = "note", "you", entry.text
        case DeclareEntry():
            said = "note", "you", f"declared: {entry.severity}"
        case PhaseEntry() if entry.reason:
            said = "system", "lab", entry.reason
        case ComponentEntry():
            said = "system", "lab", f"{entry.component} {entry.what}"
    return said


def _change(entry: ChangeEntry) -> str:
    step = f" {entry.before} → {entry.after}" if entry.before or entry.after else ""
    return f"{entry.component}: {entry.what}{step}"
