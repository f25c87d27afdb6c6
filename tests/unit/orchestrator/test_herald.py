"""What the orchestrator tells the log store: what everybody may know, once, at no price."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest
from orchestrator_stage import Lab

from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.herald import Herald
from obstack_lab.review.journal import (
    ActionEntry,
    AlertEntry,
    ChangeEntry,
    FaultEntry,
    JournalEntry,
    NoteEntry,
    PhaseEntry,
    QueryEntry,
    SampleEntry,
)

AT = 1_700_000_000.25


class Store:
    """A log store that takes what is pushed, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.pushed: list[dict[str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused")
        assert request.url.path == "/loki/api/v1/push"
        self.pushed += json.loads(request.content)["streams"]
        return httpx.Response(204)

    @property
    def lines(self) -> list[tuple[str, dict[str, Any]]]:
        return [
            (stream["stream"]["kind"], json.loads(text))
            for stream in self.pushed
            for _, text in stream["values"]
        ]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def herald(store: Store) -> Herald:
    return Herald(lambda: "http://127.0.0.1:9", httpx.MockTransport(store))


def deploy(at: float = AT) -> ChangeEntry:
    return ChangeEntry(
        at=at, who="deploy-bot", component="orders", what="deploy", before="1.4.2", after="1.5.0"
    )


def sample(at: float, affected: int = 0) -> SampleEntry:
    return SampleEntry(
        at=at,
        success_ratio=None,
        requests=9,
        users_affected=affected,
        requests_lost=1,
        downtime=0,
        p95=0.2,
    )


def test_a_change_and_an_action_become_lines_of_their_kind(herald: Herald, store: Store) -> None:
    action = ActionEntry(at=AT, action="restart", params={}, status="done", result="orders is up")
    for entry in (deploy(), action, PhaseEntry(at=AT, phase="incident", reason="It has begun.")):
        herald.tell(entry)
    herald.ship()
    assert {stream["stream"]["service_name"] for stream in store.pushed} == {"orchestrator"}
    assert store.pushed[0]["values"][0][0] == "1700000000250000000"
    assert [(kind, line["message"], line["who"]) for kind, line in store.lines] == [
        ("change", "orders: deploy 1.4.2 → 1.5.0", "deploy-bot"),
        ("action", "restart: orders is up", "you"),
        ("run", "It has begun.", "lab"),
    ]
    assert all(line["level"] == "info" for _, line in store.lines)


@pytest.mark.parametrize(
    "entry",
    [
        FaultEntry(at=AT, id="slow", driver="release", what="injected"),
        NoteEntry(at=AT, text="I think it is the pool"),
        QueryEntry(at=AT, language="promql", query="up"),
        AlertEntry(at=AT, name="A", severity="page", state="firing"),
        ActionEntry(at=AT, action="restart", params={}, status="started"),
        PhaseEntry(at=AT, phase="mitigated", reason="Users are well."),
    ],
    ids=lambda entry: entry.kind,
)
def test_the_fault_plane_and_the_learners_thoughts_stay_in_the_journal(
    herald: Herald, store: Store, entry: JournalEntry
) -> None:
    herald.tell(entry)
    herald.ship()
    assert store.pushed == []


def test_the_users_figures_are_told_every_five_seconds(herald: Herald, store: Store) -> None:
    for second in range(11):
        herald.tell(sample(AT + second, affected=second))
    herald.ship()
    assert [line["users_affected"] for _, line in store.lines] == [0, 5, 10]
    assert store.lines[0][1]["success_ratio"] is None


def test_what_a_store_that_was_away_missed_is_told_later_in_order(
    herald: Herald, store: Store
) -> None:
    store.away = True
    herald.tell(deploy(AT))
    herald.ship()
    herald.tell(deploy(AT + 1))
    store.away = False
    herald.ship()
    herald.ship()
    (stream,) = store.pushed
    assert [at for at, _ in stream["values"]] == ["1700000000250000000", "1700000001250000000"]


def test_a_store_that_stays_away_costs_no_more_than_a_thousand_lines(
    herald: Herald, store: Store
) -> None:
    store.away = True
    for second in range(1500):
        herald.tell(deploy(AT + second))
        if second % 400 == 0:
            herald.ship()
    store.away = False
    herald.ship()
    assert len(store.lines) == 1000
    assert store.pushed[0]["values"][-1][0] == "1700001499250000000"


def test_a_component_that_has_no_address_is_waited_for(store: Store) -> None:
    addresses = iter([EngineError("not up", component="telemetry"), "http://127.0.0.1:9"])

    def address() -> str:
        found = next(addresses)
        if isinstance(found, EngineError):
            raise found
        return found

    herald = Herald(address, httpx.MockTransport(store))
    herald.tell(deploy())
    herald.ship()
    assert store.pushed == []
    herald.ship()
    assert len(store.lines) == 1


def test_its_thread_ships_what_waits_before_it_ends(herald: Herald, store: Store) -> None:
    herald.start()
    herald.tell(deploy())
    herald.stop()
    assert len(store.lines) == 1


def test_a_run_tells_of_every_entry_of_its_journal(lab: Lab) -> None:
    told: list[JournalEntry] = []
    object.__setattr__(lab.orchestrator.stage, "tell", told.append)
    lab.start()
    assert told == list(lab.orchestrator.book("current").journal.all())
