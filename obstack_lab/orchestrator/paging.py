"""What Alertmanager notifies of, as messages to the learner: each alert once, and its end once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import BaseModel, Field

from obstack_lab.review.journal import MessageEntry

SENDER = "Alertmanager"
_MOST_TOLD = 1000


class NotifiedAlert(BaseModel):
    """One alert of a notification."""

    status: Literal["firing", "resolved"]
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    starts_at: str = Field(default="", alias="startsAt")
    fingerprint: str = ""

    @property
    def words(self) -> str:
        """The alert's name and what it says."""
        name = self.labels.get("alertname", "an alert without a name")
        summary = self.annotations.get("summary", "")
        return f"{name}: {summary}" if summary and self.status == "firing" else name


class Notification(BaseModel):
    """The body of Alertmanager's webhook, version 4; what is not used here is left unread."""

    receiver: str = ""
    alerts: tuple[NotifiedAlert, ...] = Field(default=(), max_length=_MOST_TOLD)


class Paging:
    """Turns notifications into messages.

    Alertmanager notifies again when a group changes and when time has passed: what was told in a
    run is not told again. The end of an alert is news to whom its beginning was told.
    """

    def __init__(self) -> None:
        self._run = ""
        self._told: set[tuple[str, str, str]] = set()

    def message(self, run: str, notification: Notification, now: float) -> MessageEntry | None:
        """Return what to tell the learner of a run, or None where it is no news."""
        if run != self._run:
            self._run, self._told = run, set()
        news = [alert for alert in notification.alerts if self._is_news(alert)]
        fires = [alert.words for alert in news if alert.status == "firing"]
        over = [alert.words for alert in news if alert.status == "resolved"]
        said = [
            *_sentence("Page" if notification.receiver == "pages" else "Ticket", fires),
            *_sentence("Resolved", over),
        ]
        return MessageEntry(at=now, sender=SENDER, text=" ".join(said)) if said else None

    def _is_news(self, alert: NotifiedAlert) -> bool:
        identity = alert.fingerprint or repr(sorted(alert.labels.items()))
        key = (identity, alert.starts_at, alert.status)
        if key in self._told:
            return False
        began = (identity, alert.starts_at, "firing") in self._told
        self._told.add(key)
        return began or alert.status == "firing"


def _sentence(verb: str, alerts: Iterable[str]) -> list[str]:
    listed = "; ".join(alerts)
    return [f"{verb}: {listed}."] if listed else []
