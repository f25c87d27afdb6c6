"""`Lab` over a made-up orchestrator: words, verdicts, and what waits says for what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pandas as pd
import pytest

from obstack_lab.errors import LabDown, UnknownName, UsageError, WrongPhase
from obstack_lab.lab import ClosedLab, Lab, Sheet, opening
from obstack_lab.lab.session import _window
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState

STATE = LabState(
    lab_id="a", pid=1, pid_started=0, url="http://127.0.0.1:1", token="t", engine="x", started_at=0
)
RUN = {
    "id": "r1",
    "scenario": "checkout-stalls",
    "title": "The checkout is stalling",
    "seed": 1,
    "speed": 1,
    "phase": "baseline",
    "created_at": 0,
    "now": 1,
}
SCENARIO = {
    "id": "checkout-stalls",
    "title": "x",
    "difficulty": "beginner",
    "minutes": 1,
    "skills": [],
    "services": [],
    "briefing": "",
    "toolkit": [],
    "certified": True,
    "state": "new",
}
CRITERION = {
    "id": "c",
    "title": "Orders",
    "verdict": "inconclusive",
    "value": None,
    "target": ">= 0.99",
    "unit": "ratio",
    "held": 0,
    "hold": 15,
    "reason": "too little traffic: 3 of 20 requests",
}


class Orchestrator:
    """Answers by method and path; keeps what it was asked."""

    def __init__(self, **answers: Any) -> None:
        self.asked: list[str] = []
        self.answers = {
            "GET /v1/scenarios": [SCENARIO],
            "GET /v1/runs/current": RUN,
            "GET /v1/runs/current/criteria": [CRITERION],
            "POST /v1/runs/current/start": {**RUN, "phase": "incident", "started_at": 1},
            **answers,
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        key = f"{request.method} {request.url.path}"
        self.asked.append(key)
        answer = self.answers[key]
        if isinstance(answer, httpx.Response):
            return answer
        return httpx.Response(200, content=json.dumps(answer))


def refused(error: str, detail: str, **data: Any) -> httpx.Response:
    return httpx.Response(409, json={"error": error, "detail": detail, "data": data})


@pytest.fixture
def build(tmp_path: Path) -> Any:
    def make(orchestrator: Orchestrator) -> Lab:
        lab = Lab(LabHome(tmp_path), STATE, scenario="checkout-stalls")
        lab._client = Client(STATE, transport=httpx.MockTransport(orchestrator))
        return lab

    return make


def test_check_says_the_verdict_in_words_with_its_reason(build: Any) -> None:
    check = build(Orchestrator()).check()
    assert not check
    assert "? inconclusive: too little traffic: 3 of 20 requests" in repr(check)
    assert "0 of 1 criteria pass" in repr(check)


def test_start_returns_the_phase(build: Any) -> None:
    assert "▲ The checkout is stalling: incident" in repr(build(Orchestrator()).start())


def test_the_review_says_what_it_waits_for(build: Any) -> None:
    waiting = refused("WrongPhase", "The review opens when the run has ended.")
    review = build(Orchestrator(**{"GET /v1/runs/current/review": waiting})).review()
    assert isinstance(review, Sheet)
    assert "when the run has ended" in repr(review)


def test_the_trace_of_an_empty_search_says_to_search_again(build: Any) -> None:
    assert "no trace yet" in repr(build(Orchestrator()).trace(pd.DataFrame({"trace_id": []})))


def test_nothing_answers_says_how_to_start(tmp_path: Path) -> None:
    lab = Lab(LabHome(tmp_path), STATE)
    with pytest.raises(LabDown, match=r"\./lab up"):
        lab.start()
    assert lab.reattach() is False


def test_where_no_lab_is_open_everything_says_how_to_open_one() -> None:
    closed = ClosedLab()
    assert "open_lab" in repr(closed)
    with pytest.raises(LabDown, match="open_lab"):
        _ = closed.start
    assert not hasattr(closed, "_repr_html_")


def test_a_time_that_is_not_one_names_what_is_expected() -> None:
    with pytest.raises(UsageError, match="30s"):
        _window("soon")
    start, end = _window("90s")
    assert end - start == 90


def test_opening_takes_up_the_run_that_is_under_way() -> None:
    orchestrator = Orchestrator()
    client = Client(STATE, transport=httpx.MockTransport(orchestrator))
    assert opening._prepare(client, "checkout-stalls", None, 1).id == "r1"
    assert "POST /v1/runs" not in orchestrator.asked


def test_opening_makes_a_new_run_after_an_ended_one() -> None:
    orchestrator = Orchestrator(
        **{"GET /v1/runs/current": {**RUN, "phase": "ended"}, "POST /v1/runs": {**RUN, "id": "r2"}}
    )
    client = Client(STATE, transport=httpx.MockTransport(orchestrator))
    assert opening._prepare(client, "checkout-stalls", None, 1).id == "r2"


def test_opening_refuses_an_unknown_scenario_and_a_second_run() -> None:
    other = {**RUN, "scenario": "another"}
    orchestrator = Orchestrator(**{"GET /v1/runs/current": other})
    client = Client(STATE, transport=httpx.MockTransport(orchestrator))
    with pytest.raises(UnknownName, match="checkout-stalls"):
        opening._prepare(client, "nope", None, 1)
    with pytest.raises(WrongPhase, match="Finish it first"):
        opening._prepare(client, "checkout-stalls", None, 1)


def test_a_sheet_escapes_and_keeps_its_columns() -> None:
    sheet = Sheet("t", ("a", "b"), [("<b>", "2"), ("3", "4444")], note="n")
    assert "&lt;b&gt;" in sheet._repr_html_()
    assert repr(sheet).splitlines() == ["t", "a    b", "<b>  2", "3    4444", "n"]
