"""What Explore's browser side may ask, how it is told what is wrong, and who the journal names."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from obstack_lab.errors import QueryError, UsageError
from obstack_lab.orchestrator.client import Client
from obstack_lab.panels import observer
from obstack_lab.panels.gate import LONGEST, Gate
from obstack_lab.panels.observer import Observer
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

QUERY = {"backend": "prometheus", "method": "POST", "path": "/api/v1/query", "body": "query=up"}


class Proxy:
    """Keeps what came, and answers the same to all of it."""

    def __init__(self) -> None:
        self.came: list[tuple[str, str, str, str]] = []
        self.status, self.body = 200, b'{"status":"success"}'


@pytest.fixture
def proxy() -> Iterator[tuple[Proxy, Client]]:
    kept = Proxy()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None: ...

        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            client = self.headers["X-Obstack-Client"]
            kept.came.append((client, self.command, self.path, body))
            self.send_response(kept.status)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(kept.body)

        do_GET = do_POST = _answer  # noqa: N815 - the names that http.server calls

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        state = LabState(
            lab_id="0",
            pid=1,
            pid_started=0,
            url=f"http://127.0.0.1:{server.server_port}",
            token="none",
            engine="embedded",
            started_at=0,
        )
        with Client(state) as client:
            yield kept, client
        server.shutdown()
        thread.join(10)


def test_a_query_goes_through_the_journalling_proxy(proxy: tuple[Proxy, Client]) -> None:
    kept, client = proxy
    gate = Gate(lambda: client, name="explore")
    assert gate.ask(QUERY) == ("application/json", b'{"status":"success"}')
    assert kept.came == [("explore", "POST", "/v1/telemetry/prometheus/api/v1/query", "query=up")]
    gate.close()


def test_a_refresh_is_no_question_of_the_learner(proxy: tuple[Proxy, Client]) -> None:
    kept, client = proxy
    gate = Gate(lambda: client, name="dashboard")
    gate.ask(QUERY)
    gate.ask({**QUERY, "again": True})
    assert [who for who, *_ in kept.came] == ["dashboard", "desk dashboard"]
    gate.close()


@pytest.mark.parametrize(
    "asked",
    [
        {"backend": "orchestrator"},
        {"method": "DELETE"},
        {"path": "/api/v1/admin/tsdb/delete_series"},
        {"path": "/../../v1/runs/current/finish"},
        {"path": "//127.0.0.1:1/api/v1/query"},
        {"path": "http://127.0.0.1:1/api/v1/query"},
        {"backend": "loki", "path": "/loki/api/v1/push"},
        {"backend": "tempo", "path": "/v1/traces"},
        {"body": "x" * (LONGEST + 1)},
    ],
    ids=str,
)
def test_what_may_not_be_asked_is_not_sent(
    proxy: tuple[Proxy, Client], asked: dict[str, str]
) -> None:
    kept, client = proxy
    gate = Gate(lambda: client, name="explore")
    with pytest.raises(UsageError):
        gate.ask({**QUERY, **asked})
    assert kept.came == []


def test_a_wrong_query_is_told_in_its_own_words_with_its_place(
    proxy: tuple[Proxy, Client],
) -> None:
    kept, client = proxy
    kept.status = 400
    kept.body = b'{"error":"invalid parameter \\"query\\": 1:5: parse error: unexpected end"}'
    gate = Gate(lambda: client, name="explore")
    with pytest.raises(QueryError, match="unexpected end") as caught:
        gate.ask({**QUERY, "body": "query=sum%28"})
    assert caught.value.caret() == "sum(\n    ^"
    gate.close()


def test_the_observer_answers_on_threads_of_its_own(
    proxy: tuple[Proxy, Client], tmp_path: Path
) -> None:
    _, client = proxy
    lab: Any = SimpleNamespace(client=client, home=LabHome(tmp_path))
    watching = Observer(lab)
    replies: list[tuple[dict[str, Any], list[bytes], str]] = []
    done = threading.Semaphore(0)

    def send(reply: dict[str, Any], buffers: list[bytes]) -> None:
        replies.append((reply, buffers, threading.current_thread().name))
        done.release()

    asked = [("bundle", {}), ("boards", {}), ("fetch", QUERY), ("fetch", {"backend": "x"})]
    for number, (verb, params) in enumerate(asked):
        watching.hear(verb, {"id": number, "params": params}, send)
    for _ in asked:
        assert done.acquire(timeout=20)
    watching.close()
    by_number = {reply["id"]: (reply, buffers) for reply, buffers, _ in replies}
    assert {name for *_, name in replies} == {"obstack-explore"}
    assert by_number[0][1][0][:2] == b"\x1f\x8b"
    assert isinstance(by_number[1][0]["data"], list)
    assert by_number[2] == (
        {"id": 2, "ok": True, "type": "application/json"},
        [b'{"status":"success"}'],
    )
    assert by_number[3][0]["ok"] is False


def test_every_verb_of_explore_is_answered() -> None:
    assert {"bundle", "boards", "fetch"} == observer.VERBS
