"""The alerts of a run: what Prometheus reports now, what is over, what the learner has seen."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from obstack_lab.errors import UnknownName
from obstack_lab.orchestrator.metrics import PrometheusAlert
from obstack_lab.orchestrator.views import AlertView
from obstack_lab.review.journal import AlertEntry, JournalEntry

_ORDER = {"firing": 0, "pending": 1, "resolved": 2}


@dataclass(frozen=True)
class _Kept:
    alert: PrometheusAlert
    state: Literal["pending", "firing", "resolved"]
    acknowledged: bool = False


class AlertBook:
    """Follows alerts; every change of state becomes an entry for the journal."""

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    def update(self, active: Iterable[PrometheusAlert], now: float) -> tuple[AlertEntry, ...]:
        """Take what Prometheus reports; return what has changed.

        Not to be called while Prometheus does not answer: silence is not the end of an alert.
        """
        entries = []
        seen = {alert_id(alert): alert for alert in active}
        for key, alert in seen.items():
            state: Literal["pending", "firing"] = "firing" if alert.state == "firing" else "pending"
            kept = self._kept.get(key)
            if kept is None or kept.state != state:
                entries.append(_entry(alert, state, now))
            acknowledged = kept.acknowledged if kept else False
            self._kept[key] = _Kept(alert, state, acknowledged)
        for key, kept in self._kept.items():
            if key not in seen and kept.state != "resolved":
                if kept.state == "firing":
                    entries.append(_entry(kept.alert, "resolved", now))
                self._kept[key] = replace(kept, state="resolved")
        return tuple(entries)

    def acknowledge(self, key: str, now: float) -> AlertEntry | None:
        """Mark an alert as seen; return the entry for it, or None where it was already."""
        kept = self._kept.get(key)
        if kept is None:
            raise UnknownName("alert", key, tuple(view.id for view in self.views()))
        if kept.acknowledged:
            return None
        self._kept[key] = replace(kept, acknowledged=True)
        return _entry(kept.alert, "acknowledged", now)

    def view(self, key: str) -> AlertView:
        """Return one alert."""
        return _view(key, self._kept[key])

    def views(self) -> tuple[AlertView, ...]:
        """Return the alerts: firing, pending, then those that are over, the newest first."""
        views = [
            _view(key, kept)
            for key, kept in self._kept.items()
            if kept.state != "resolved" or _was_firing(kept)
        ]
        return tuple(sorted(views, key=lambda view: (_ORDER[view.state], -view.since, view.id)))


def alert_id(alert: PrometheusAlert) -> str:
    """Return a short id that stays while the alert lives."""
    identity = repr((alert.name, sorted(alert.labels.items()), round(alert.since, 3)))
    return hashlib.sha256(identity.encode()).hexdigest()[:12]


def _was_firing(kept: _Kept) -> bool:
    return kept.alert.state == "firing"


def _view(key: str, kept: _Kept) -> AlertView:
    alert = kept.alert
    return AlertView(
        id=key,
        name=alert.name,
        severity=alert.labels.get("severity", ""),
        state=kept.state,
        since=alert.since,
        summary=_summary(alert),
        labels=alert.labels,
        acknowledged=kept.acknowledged,
    )


def _entry(
    alert: PrometheusAlert,
    state: Literal["pending", "firing", "resolved", "acknowledged"],
    now: float,
) -> AlertEntry:
    return AlertEntry(
        at=now,
        name=alert.name,
        severity=alert.labels.get("severity", ""),
        state=state,
        summary=_summary(alert),
        labels=alert.labels,
    )


def _summary(alert: PrometheusAlert) -> str:
    annotations = alert.annotations
    return annotations.get("summary") or annotations.get("description") or alert.name


def alerts_of(journal: Iterable[JournalEntry]) -> tuple[AlertView, ...]:
    """Return the alerts that a journal tells of, in the last state of each."""
    found: dict[str, AlertView] = {}
    for entry in journal:
        if not isinstance(entry, AlertEntry):
            continue
        key = hashlib.sha256(repr((entry.name, sorted(entry.labels.items()))).encode())
        name = key.hexdigest()[:12]
        before = found.get(name)
        seen = entry.state == "acknowledged"
        state = before.state if seen and before else entry.state
        found[name] = AlertView(
            id=name,
            name=entry.name,
            severity=entry.severity,
            state="firing" if state == "acknowledged" else state,
            since=before.since if before and state != "pending" else entry.at,
            summary=entry.summary,
            labels=entry.labels,
            acknowledged=seen or (before is not None and before.acknowledged),
        )
    return tuple(sorted(found.values(), key=lambda view: (_ORDER[view.state], -view.since)))
