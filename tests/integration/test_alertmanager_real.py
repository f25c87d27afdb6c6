"""A real Alertmanager: an alert fires, Slack and the learner are told, once; nothing is left."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from obstack_lab.engine.embedded.programs import find_alertmanager
from obstack_lab.errors import MissingProgram
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.run import SANDBOX
from obstack_lab.review.journal import MessageEntry
from obstack_lab.settings import LabHome

pytestmark = pytest.mark.integration
SECONDS = 120


class Slack:
    """A server that takes what is posted to it."""

    def __init__(self) -> None:
        self.taken: list[dict[str, Any]] = []
        taken = self.taken

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                taken.append({"path": self.path, **json.loads(body)})
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/services/T0/B0/x"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def slack() -> Iterator[Slack]:
    slack = Slack()
    yield slack
    slack.close()


@pytest.fixture
def home(tmp_path: Path, slack: Slack, monkeypatch: pytest.MonkeyPatch) -> Iterator[LabHome]:
    home = LabHome(tmp_path / "lab")
    try:
        find_alertmanager(home)
    except MissingProgram as missing:
        pytest.skip(str(missing))
    monkeypatch.setenv("OBSTACK_LAB_SLACK_URL", slack.url)
    yield home
    daemon.shutdown(home)


def wait_for(what: str, holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited {SECONDS} s in vain: {what}"
        time.sleep(0.2)


def messages(client: Client) -> list[str]:
    return [
        entry.text
        for entry in client.journal().entries
        if isinstance(entry, MessageEntry) and entry.sender == "Alertmanager"
    ]


def test_a_page_reaches_slack_and_the_learner_once_and_so_does_its_end(
    home: LabHome, slack: Slack
) -> None:
    state = daemon.launch(home, alertmanager=True)
    with Client(state) as client:
        assert "alertmanager" in {c.name for c in client.components()}
        client.create_run(SANDBOX)
        client.signal("inventory", "KILL")
        wait_for("Slack is told", lambda: any("TargetDown" in str(each) for each in slack.taken))
        wait_for("the learner is told", lambda: any("TargetDown" in m for m in messages(client)))
        client.restart("inventory")
        wait_for(
            "the end is told",
            lambda: any("Resolved" in m and "TargetDown" in m for m in messages(client)),
        )
        wait_for("Slack hears of it, too", lambda: any("RESOLVED" in str(e) for e in slack.taken))
        pages = [m for m in messages(client) if m.startswith("Page:") and "TargetDown" in m]
        assert len(pages) == 1, pages
    (first, *_) = [each for each in slack.taken if "TargetDown" in str(each)]
    assert first["path"] == "/services/T0/B0/x"
    assert first["username"] == "ObservaStack Lab"
    assert first["attachments"][0]["title"] == "FIRING: TargetDown"
    assert "inventory-1 does not answer" in first["attachments"][0]["text"]
    assert daemon.shutdown(home)
    assert not daemon.processes(state.lab_id)
