"""A real Prometheus and Alertmanager: an alert fires; Slack, PagerDuty and the lab hear of it."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest
import waiting

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.embedded.alertmanager import Alertmanager
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.ports import Ports
from obstack_lab.engine.embedded.programs import find_alertmanager
from obstack_lab.engine.embedded.prometheus import Prometheus
from obstack_lab.engine.embedded.targets import Target
from obstack_lab.engine.pager import Pager
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.errors import MissingProgram
from obstack_lab.orchestrator.paging import Notification, Paging
from obstack_lab.settings import LabHome

pytestmark = pytest.mark.integration
SECONDS = 120
LAB, SLACK, PAGERDUTY = "/v1/notifications", "/services/T0/B0/x", "/v2/enqueue"
ID, TOKEN, KEY = "cafe0001", "t0ken", "0123456789abcdef0123456789abcdef"


class Receivers:
    """One server in the place of the lab, Slack and PagerDuty: keeps what is posted, by path."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, str, dict[str, Any]]] = []
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                taken.append((self.path, self.headers.get("Authorization", ""), body))
                self.send_response(202 if self.path == PAGERDUTY else 200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def at(self, path: str) -> list[dict[str, Any]]:
        return [body for each, _, body in list(self.taken) if each == path]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receivers() -> Iterator[Receivers]:
    receivers = Receivers()
    yield receivers
    receivers.close()


@pytest.fixture
def prometheus(tmp_path: Path, receivers: Receivers) -> Iterator[Prometheus]:
    """A Prometheus that looks for nothing yet and tells an Alertmanager."""
    home = LabHome(tmp_path / "läb with spaces")
    home.create()
    try:
        find_alertmanager(home)
    except MissingProgram as missing:
        pytest.skip(str(missing))
    place = Place(home, ID, time.time, RosterFile(home.private / FILE_NAME, ID))
    pager = Pager(
        Callback(receivers.url, TOKEN),
        slack_url=receivers.url + SLACK,
        pagerduty_key=KEY,
        pagerduty_url=receivers.url + PAGERDUTY,
    )
    prometheus, alertmanager = Prometheus(place), Alertmanager(place, pager)
    with ExitStack() as ending:
        ending.callback(place.spawner.close)
        for unit in (alertmanager, prometheus):
            ending.callback(unit.stop)
        prometheus.scrape([])
        prometheus.notify(alertmanager.listens)
        alertmanager.start()
        prometheus.start()
        pids = [alertmanager.pid, prometheus.pid]
        yield prometheus
    assert not any(pid and psutil.pid_exists(pid) for pid in pids)


wait_for = functools.partial(waiting.wait_for, seconds=SECONDS)


def test_a_page_and_its_end_reach_everybody_in_their_own_shape(
    prometheus: Prometheus, receivers: Receivers
) -> None:
    nobody = Target(f"127.0.0.1:{Ports().of('nobody')}", "orders", "1.4.2", "orders-1")
    prometheus.scrape([nobody])

    def told(path: str, *words: str) -> bool:
        return any(all(word in json.dumps(b) for word in words) for b in receivers.at(path))

    for path in (LAB, SLACK, PAGERDUTY):
        wait_for(f"{path} is told", lambda path=path: told(path, "TargetDown"))
    prometheus.scrape([])
    wait_for("the lab hears of the end", lambda: told(LAB, "TargetDown", '"resolved"'))
    wait_for("Slack hears of the end", lambda: told(SLACK, "RESOLVED: TargetDown"))
    wait_for("PagerDuty hears of the end", lambda: told(PAGERDUTY, "TargetDown", '"resolve"'))

    ours = [(key, body) for path, key, body in receivers.taken if path == LAB]
    assert {key for key, _ in ours} == {f"Bearer {TOKEN}"}
    paging = Paging()
    notifications = [Notification.model_validate(body) for _, body in ours]
    said = [paging.message("run", each, 0) for each in notifications]
    messages = [each.text for each in said if each and "TargetDown" in each.text]
    assert messages == [
        "Page: TargetDown: orders-1 does not answer.",
        "Resolved: TargetDown.",
    ]

    slack = next(body for body in receivers.at(SLACK) if "TargetDown" in json.dumps(body))
    (attachment,) = slack["attachments"]
    assert slack["username"] == "ObservaStack Lab"
    assert attachment["title"] == "FIRING: TargetDown"
    assert attachment["text"].strip() == "orders-1 does not answer"

    event = next(body for body in receivers.at(PAGERDUTY) if "TargetDown" in json.dumps(body))
    assert (event["routing_key"], event["event_action"]) == (KEY, "trigger")
    assert event["payload"]["severity"] == "critical"
    assert event["payload"]["summary"] == "TargetDown: orders-1 does not answer"
