"""A run that was never played: a scenario, a journal and a ledger that fit together."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import pytest

from obstack_lab.load.ledger import LedgerEntry, Outcome
from obstack_lab.review import Review, RunRecord, review
from obstack_lab.review.journal import (
    ActionEntry,
    AlertEntry,
    ChangeEntry,
    CriterionEntry,
    DeclareEntry,
    FaultEntry,
    HintEntry,
    JournalEntry,
    MessageEntry,
    NoteEntry,
    PhaseEntry,
    QueryEntry,
    SampleEntry,
    WriteUpEntry,
)
from obstack_lab.scenario.model import Scenario

CREATED = 1_800_000_000.0
BEGIN = CREATED + 60
ROUTES = {"product": "/products/{product_id}", "place-order": "/orders"}


def make_scenario() -> Scenario:
    return Scenario.model_validate(
        {
            "id": "checkout-stalls",
            "title": "The checkout is stalling",
            "difficulty": "intermediate",
            "minutes": 20,
            "skills": ["find the bottleneck"],
            "fault_class": 36,
            "services": ["gateway", "orders"],
            "releases": {"gateway": "2.3.1", "orders": "1.4.2"},
            "objective": {"success_ratio": 0.99, "latency": "800ms", "patience": "2s"},
            "load": {
                "users": 200,
                "journeys": [{"id": "buy", "weight": 1, "steps": ["product", "place-order"]}],
                "phases": [{"rate": 20}],
            },
            "timeline": [{"at": "0s", "inject": {"id": "orders-change", "driver": "release"}}],
            "alerts": ["CheckoutFailing"],
            "criteria": [
                {
                    "id": "checkout-success",
                    "title": "Orders that are placed",
                    "query": "up",
                    "target": ">= 0.99",
                    "hold": "15s",
                    "min_traffic": 20,
                    "traffic_query": "up",
                }
            ],
            "toolkit": ["rollback", "set_config"],
            "solutions": {
                "reference": {
                    "title": "Roll orders back",
                    "resolves": True,
                    "steps": [{"at": "40s", "action": "rollback"}],
                },
                "alternatives": {
                    "larger-pool": {
                        "title": "A larger pool",
                        "resolves": False,
                        "steps": [{"at": "40s", "action": "set_config"}],
                    }
                },
            },
            "certify": {"gate": "90s"},
            "evidence": [
                {
                    "id": "orders-fail",
                    "shows": "symptom",
                    "language": "promql",
                    "query": "sum(rate(http_server_request_duration_seconds_count\n  [15s]))",
                    "holds": "> 0.05",
                    "looked_at": ["http_server_request_duration_seconds", "gateway"],
                },
                {
                    "id": "queue",
                    "shows": "mechanism",
                    "language": "promql",
                    "query": "max(db_client_connection_pending_requests)",
                    "holds": "> 0",
                    "looked_at": ["db_client_connection_pending_requests"],
                },
                {
                    "id": "calls-before-the-commit",
                    "shows": "cause",
                    "language": "traceql",
                    "query": '{ resource.service.version = "1.5.0" }',
                    "holds": ">= 1",
                    "looked_at": ["orders", "inventory"],
                },
            ],
            "questions": [
                {
                    "facet": "component",
                    "text": "Which component has to change?",
                    "options": {"orders": "orders", "postgres": "PostgreSQL"},
                    "answer": ["orders"],
                },
                {
                    "facet": "mechanism",
                    "text": "What made the users wait?",
                    "options": {"kept": "Connections kept too long", "slow": "Slow queries"},
                    "answer": ["kept"],
                },
                {
                    "facet": "trigger",
                    "text": "What changed?",
                    "options": {"release": "A new release", "campaign": "The campaign alone"},
                    "answer": ["release"],
                },
            ],
        }
    )


@cache
def made_ledger(sick: tuple[float, float], end: float) -> tuple[LedgerEntry, ...]:
    """20 requests/s from a minute before; orders are lost while it is sick."""
    chance = random.Random(1)  # noqa: S311 - a test
    entries = []
    for seq in range(1, int((end + 60) * 20)):
        at = -60 + seq / 20 + chance.random() / 40
        order = chance.random() < 0.3
        ill = sick[0] <= at < sick[1]
        lost = ill and order and chance.random() < 0.8
        step = "place-order" if order else "product"
        entries.append(
            LedgerEntry(
                seq=seq,
                user=f"u{chance.randint(1, 200):04d}",
                journey="buy",
                step=step,
                method="POST" if order else "GET",
                route=ROUTES[step],
                intended=BEGIN + at,
                sent=BEGIN + at + 0.001,
                latency=2.0 if lost else chance.uniform(0.05, 0.2) + (0.9 if ill and order else 0),
                status=0 if lost else 201 if order else 200,
                outcome=Outcome.SLOW if lost else Outcome.GOOD,
            )
        )
    return tuple(entries)


def make_ledger(*, sick: tuple[float, float] = (20, 130), end: float = 240) -> list[LedgerEntry]:
    return list(made_ledger(sick, end))


def _course(*, resolves: bool) -> Iterator[JournalEntry]:
    def query(at: float, language: str, text: str, **more: Any) -> QueryEntry:
        return QueryEntry.model_validate(
            {"at": BEGIN + at, "language": language, "query": text, "client": "lab"} | more
        )

    count = "http_server_request_duration_seconds_count"
    yield PhaseEntry(at=CREATED, phase="ready")
    yield PhaseEntry(at=CREATED + 3, phase="baseline", reason="Users come; all is as it should be.")
    yield CriterionEntry(at=CREATED + 10, id="checkout-success", verdict="inconclusive", value=None)
    yield CriterionEntry(at=CREATED + 25, id="checkout-success", verdict="pass", value=1.0)
    yield query(-20, "promql", f'sum(rate({count}{{service_name="gateway"}}[30s]))', rows=40)
    yield PhaseEntry(at=BEGIN, phase="incident", reason="The incident has begun.")
    yield FaultEntry(at=BEGIN + 1, id="orders-change", driver="release", what="injected")
    yield ChangeEntry(
        at=BEGIN + 1,
        who="pipeline",
        component="orders",
        what="deploy",
        before="1.4.2",
        after="1.5.0",
    )
    yield MessageEntry(at=BEGIN + 5, sender="Marketing", text="The newsletter is on its way.")
    yield FaultEntry(at=BEGIN + 10, id="load", driver="load", what="injected")
    yield CriterionEntry(
        at=BEGIN + 26, id="checkout-success", verdict="fail", value=0.7, reason="0.7, not >= 0.99"
    )
    for state, at in (("pending", 28), ("firing", 33)):
        yield AlertEntry.model_validate(
            {
                "at": BEGIN + at,
                "name": "CheckoutFailing",
                "severity": "page",
                "state": state,
                "summary": "Orders fail",
            }
        )
    yield DeclareEntry(at=BEGIN + 40, severity="sev2")
    yield AlertEntry(at=BEGIN + 41, name="CheckoutFailing", severity="page", state="acknowledged")
    for at in (45, 46, 52):
        yield query(at, "promql", f'sum(rate({count}{{service_name="gateway"}}[30s]))', rows=90)
    yield query(60, "logql", '{service_name="orders"} | json | level="error"', rows=33)
    yield query(70, "traceql", "{ status = error", status=400)
    yield query(71, "promql", "db_client_connection_pending_requests", rows=12)
    yield NoteEntry(at=BEGIN + 80, text="orders waits for <b>connections</b>")
    yield HintEntry(at=BEGIN + 85, number=1, text="Begin with the users.", why="time", cost=0)
    yield HintEntry(at=BEGIN + 90, number=5, text="Read the change log.", why="asked", cost=10)
    if resolves:
        done = {"action": "rollback", "params": {"service": "orders"}}
        effect = {"before": "1.5.0", "after": "1.4.2", "result": "orders runs 1.4.2"}
    else:
        done = {"action": "set_config", "params": {"service": "orders", "db_pool_size": 20}}
        effect = {"before": "4", "after": "20", "result": "db_pool_size is 20"}
    yield ActionEntry.model_validate({"at": BEGIN + 125, "status": "started", **done})
    yield ActionEntry.model_validate({"at": BEGIN + 126, "status": "done", **done, **effect})
    if resolves:
        yield FaultEntry(at=BEGIN + 127, id="orders-change", driver="release", what="gone")
    yield CriterionEntry(at=BEGIN + 138, id="checkout-success", verdict="pass", value=1.0)
    yield PhaseEntry(at=BEGIN + 150, phase="mitigated", reason="Users are well again.")
    if resolves:
        yield PhaseEntry(at=BEGIN + 150, phase="resolved", reason="The cause is gone.")
    yield AlertEntry(at=BEGIN + 160, name="CheckoutFailing", severity="page", state="resolved")
    yield WriteUpEntry(
        at=BEGIN + 200,
        answers={"component": "orders", "mechanism": "slow"},
        text="Release 1.5.0 & too few connections.",
    )
    for second in range(0, 240, 30):
        yield SampleEntry(
            at=BEGIN + second,
            success_ratio=0.9,
            requests=20 * second,
            users_affected=1,
            requests_lost=2,
            downtime=0,
            p95=0.2,
        )
    yield PhaseEntry(at=BEGIN + 240, phase="ended", reason="You finished the run.")


def make_journal(*, resolves: bool = True) -> list[JournalEntry]:
    entries = sorted(_course(resolves=resolves), key=lambda entry: entry.at)
    return [entry.model_copy(update={"seq": seq}) for seq, entry in enumerate(entries, 1)]


def make_run(**changes: Any) -> RunRecord:
    return RunRecord.model_validate(
        {
            "id": "checkout-stalls-20270115-080000-4f2a",
            "scenario": "checkout-stalls",
            "seed": 36,
            "created_at": CREATED,
            "started_at": BEGIN,
            "ended_at": BEGIN + 240,
        }
        | changes
    )


EXPLANATION = """# What happened

A connection was **held** across a remote call. <script>alert(1)</script>

| release | held |
| --- | --- |
| 1.4.2 | 0.02 s |
"""


@pytest.fixture
def scenario() -> Scenario:
    return make_scenario()


@pytest.fixture
def run() -> RunRecord:
    return make_run()


@pytest.fixture
def journal() -> list[JournalEntry]:
    return make_journal()


@pytest.fixture
def ledger() -> list[LedgerEntry]:
    return make_ledger()


@pytest.fixture
def judge() -> Callable[..., Review]:
    """Review the made-up run, with parts of it replaced."""

    def make(
        *,
        journal: list[JournalEntry] | None = None,
        ledger: list[LedgerEntry] | None = None,
        **changes: Any,
    ) -> Review:
        return review(
            make_run(**changes),
            make_scenario(),
            make_journal() if journal is None else journal,
            make_ledger() if ledger is None else ledger,
            EXPLANATION,
        )

    return make
