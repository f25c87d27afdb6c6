"""The widget without a browser: blocks go out once, presses are answered by a worker."""

from __future__ import annotations

import queue
import threading
from types import SimpleNamespace
from typing import Any

import desk_states
import pytest

from obstack_lab.errors import LabDown, QueryError
from obstack_lab.orchestrator.views import ActionResult
from obstack_lab.panels import desk as desk_module
from obstack_lab.panels.desk import Desk

SNAPSHOT = desk_states.snapshot(desk_states.STATES["incident"])


class FakeClient:
    """Answers what the desk asks of the orchestrator."""

    state = "here"

    def __init__(self) -> None:
        self.calls: list[Any] = []
        self.gate = threading.Event()

    def act(self, action: str, **params: Any) -> ActionResult:
        self.calls.append((action, params, threading.current_thread().name))
        self.gate.wait(5)
        return ActionResult(ok=True, action=action, result="orders: 1.5.0 → 1.4.2", seconds=1.2)

    def note(self, text: str) -> None:
        raise LabDown

    def start(self) -> None:
        self.calls.append("start")


class FakeLab:
    scenario = None

    def __init__(self) -> None:
        self.client = FakeClient()
        self.home = SimpleNamespace(path="nowhere")

    def promql(self, query: str, **_: Any) -> None:
        raise QueryError("unexpected }", language="promql", query=query, line=1, column=3)


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(desk_module.overview, "ask", lambda *_: {})
    monkeypatch.setattr(desk_module.Desk, "_watching", lambda _: None)
    made = Desk(FakeLab())
    made.sent = queue.Queue()
    made.widget.send = made.sent.put
    yield made
    made.close()


def press(desk: Any, verb: str, **params: Any) -> None:
    desk.hear(desk.widget, {"id": verb, "verb": verb, "params": params}, [])


def test_a_press_returns_at_once_and_is_answered_by_a_named_thread(desk: Any) -> None:
    press(desk, "act", action="rollback", params={"service": "orders"})
    assert desk.sent.empty()
    desk.lab.client.gate.set()
    answer = desk.sent.get(timeout=5)
    assert answer["ok"]
    assert "1.5.0 → 1.4.2" in answer["data"]["text"]
    assert desk.lab.client.calls[0][2] == "obstack-desk-act"


def test_a_question_does_not_wait_for_an_action(desk: Any) -> None:
    press(desk, "act", action="rollback", params={"service": "orders"})
    press(desk, "query", language="promql", query="a }")
    answer = desk.sent.get(timeout=5)
    desk.lab.client.gate.set()
    assert answer["id"] == "query"
    assert answer["caret"] == "a }\n  ^"


def test_an_error_is_an_answer_with_the_next_step(desk: Any) -> None:
    press(desk, "note", text="x")
    answer = desk.sent.get(timeout=5)
    assert answer["ok"] is False
    assert "./lab up" in answer["error"]


def test_what_was_asked_at_once_is_answered_one_by_one(desk: Any) -> None:
    query = {"language": "promql", "query": "a }"}
    asks = [{"id": number, "verb": "query", "params": query} for number in range(3)]
    desk.hear(desk.widget, {"asks": [*asks, 7, None]}, [])
    assert [desk.sent.get(timeout=5)["id"] for _ in asks] == [0, 1, 2]


@pytest.mark.parametrize("message", [None, "x", 7, {"verb": "nonsense", "params": "x"}])
def test_a_strange_message_does_no_harm(desk: Any, message: Any) -> None:
    desk.hear(desk.widget, message, [])
    if isinstance(message, dict):
        assert "knows no" in desk.sent.get(timeout=5)["error"]


def test_what_has_not_changed_is_not_sent_again(desk: Any) -> None:
    desk.publish(SNAPSHOT)
    changed: list[str] = []
    desk.widget.observe(lambda change: changed.append(change["name"]))
    desk.publish(SNAPSHOT)
    assert not [name for name in changed if not name.startswith("_")]


def test_a_lost_line_is_shown_and_the_rest_stays(desk: Any) -> None:
    desk.publish(SNAPSHOT)
    before = desk.widget.users
    desk.lost("nothing answers")
    assert desk.widget.link["connected"] is False
    assert "run goes on" in desk.widget.link["text"]
    assert desk.widget.users == before


def test_the_review_is_asked_for_once_and_again_when_it_was_not_there(desk: Any) -> None:
    ended = desk_states.snapshot(desk_states.STATES["finished"])
    asked: list[str] = []

    def review(run: str) -> Any:
        asked.append(run)
        raise LabDown

    desk.lab.client.review = review
    desk.publish(ended)
    desk.publish(ended)
    assert asked == ["r1", "r1"]
    assert "not there yet" in desk.widget.review["note"]
