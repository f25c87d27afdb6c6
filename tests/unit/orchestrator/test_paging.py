"""What becomes of a notification: one message for each alert and one for its end, in the run."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from orchestrator_stage import SCENARIO, Lab

from obstack_lab.orchestrator.client import Client
from obstack_lab.review.journal import MessageEntry


def alert(name: str = "CheckoutFailing", **changes: Any) -> dict[str, Any]:
    return {
        "status": "firing",
        "labels": {"alertname": name, "severity": "page"},
        "annotations": {"summary": "23 % of the orders cannot be placed"},
        "startsAt": "2026-11-29T10:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "http://127.0.0.1:1/graph",
        "fingerprint": name.lower(),
    } | changes


def notify(web: httpx.Client, *alerts: dict[str, Any], receiver: str = "pages") -> None:
    """Send what Alertmanager sends."""
    body = {
        "version": "4",
        "groupKey": '{}:{alertname="x"}',
        "truncatedAlerts": 0,
        "status": "firing",
        "receiver": receiver,
        "groupLabels": {},
        "commonLabels": {},
        "commonAnnotations": {},
        "externalURL": "http://127.0.0.1:2",
        "alerts": list(alerts),
    }
    assert web.post("/v1/notifications", json=body).status_code == 204


def told(client: Client) -> list[str]:
    entries = client.journal().entries
    return [
        entry.text
        for entry in entries
        if isinstance(entry, MessageEntry) and entry.sender == "Alertmanager"
    ]


@pytest.fixture(autouse=True)
def run(client: Client) -> None:
    client.create_run(SCENARIO)


def test_an_alert_pages_once_however_often_it_is_notified(
    client: Client, web: httpx.Client
) -> None:
    for _ in range(3):
        notify(web, alert())
    assert told(client) == ["Page: CheckoutFailing: 23 % of the orders cannot be placed."]
    notify(web, alert(), alert("TargetDown", annotations={}))
    assert told(client)[1:] == ["Page: TargetDown."]


def test_its_end_is_told_once_and_only_if_its_beginning_was(
    client: Client, web: httpx.Client
) -> None:
    notify(web, alert(status="resolved"))
    assert told(client) == []
    notify(web, alert("TargetDown"))
    for _ in range(2):
        notify(web, alert("TargetDown", status="resolved"))
    assert told(client)[1:] == ["Resolved: TargetDown."]
    notify(web, alert("TargetDown", startsAt="2026-11-29T10:05:00Z"))
    assert len(told(client)) == 3, "it fires again"


def test_what_wakes_nobody_is_called_a_ticket(client: Client, web: httpx.Client) -> None:
    notify(web, alert("PoolExhausted"), receiver="tickets")
    assert told(client)[0].startswith("Ticket: PoolExhausted")


def test_nobody_is_told_while_no_run_is_active_and_the_next_run_hears_of_it(
    client: Client, web: httpx.Client
) -> None:
    client.finish()
    notify(web, alert())
    assert told(client) == []
    client.create_run(SCENARIO)
    notify(web, alert())
    assert len(told(client)) == 1


def test_what_is_no_notification_is_refused(web: httpx.Client) -> None:
    answer = web.post("/v1/notifications", json={"alerts": [{"status": "burning"}]})
    assert answer.status_code == 422


def test_the_feed_shows_who_said_it(lab: Lab, web: httpx.Client) -> None:
    notify(web, alert())
    feed = lab.orchestrator.snapshot().feed
    line = next(line for line in feed if line.sender == "Alertmanager")
    assert (line.kind, line.text[:5]) == ("message", "Page:")
