"""Design rule 2: while a run is on, nothing that a learner can read names the fault."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import httpx
import pytest
from orchestrator_stage import SCENARIO, Lab

from obstack_lab.engine.interface import Engine
from obstack_lab.orchestrator.faults import plane
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

Edit = Callable[[Callable[[dict[str, Any]], None]], None]
DRIVER = "sealed-lever"
ANSWERS = ("kept-connections", "solutions", "larger-pool", "explanation", "fault_class")


class SealedLever:
    """A driver whose work is not to be seen as a change; remembers its canaries."""

    id = DRIVER

    def __init__(self) -> None:
        self.canaries: list[str] = []

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return ()

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return ()

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        self.canaries.append(injection.canary)
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        return None

    def residual(self, engine: Engine, injection: Injection) -> bool:
        return True


@pytest.fixture
def lever() -> SealedLever:
    return SealedLever()


@pytest.fixture
def drivers(lever: SealedLever) -> Mapping[str, FaultDriver]:
    return {**plane.DRIVERS, DRIVER: lever}


@pytest.fixture
def sealed(change_scenario: Edit) -> tuple[str, ...]:
    """Use the lever in the scenario; return every word that must stay inside."""

    def edit(data: dict[str, Any]) -> None:
        lever = {"id": "quiet-otter", "driver": DRIVER, "params": {"torque": "pi-times-seven"}}
        data["timeline"].insert(1, {"at": "3s", "inject": lever})

    change_scenario(edit)
    return (DRIVER, "quiet-otter", "quiet-badger", "torque", "pi-times-seven", *ANSWERS)


def readable(web: httpx.Client) -> dict[str, str]:
    """Read every GET endpoint that the API has; those with an unknown name are filled in."""
    names = {"{run}": "current", "{name}": "orders", "{scenario}": SCENARIO}
    paths = web.get("/openapi.json").json()["paths"]
    found = {}
    for path, methods in paths.items():
        if "get" not in methods or "{backend}" in path:
            continue
        filled = path
        for name, value in names.items():
            filled = filled.replace(name, value)
        assert "{" not in filled, f"say how to fill in {path}"
        found[filled] = web.get(filled).text
    return found


def leaks(texts: dict[str, str], words: tuple[str, ...]) -> list[tuple[str, str]]:
    return [(path, word) for path, text in texts.items() for word in words if word in text]


def test_nothing_readable_names_the_fault_during_a_run(
    lab: Lab, web: httpx.Client, sealed: tuple[str, ...], lever: SealedLever
) -> None:
    lab.start()
    lab.pass_time(30)
    assert len(lever.canaries) == 1
    texts = readable(web)
    assert len(texts) > 15
    texts["events"] = lab.orchestrator.snapshot().model_dump_json()
    assert not leaks(texts, (*sealed, *lever.canaries))


def test_the_review_is_closed_until_the_end(lab: Lab, web: httpx.Client) -> None:
    lab.start()
    assert web.get("/v1/runs/current/review").status_code == 409


def test_after_the_end_the_journal_tells_all(
    lab: Lab, web: httpx.Client, sealed: tuple[str, ...]
) -> None:
    play = lab.start()
    assert sealed[1] not in web.get("/v1/runs/current/journal").text
    play.finish()
    assert sealed[1] in web.get("/v1/runs/current/journal").text


def test_the_search_finds_a_leak_planted_on_purpose(
    lab: Lab, web: httpx.Client, sealed: tuple[str, ...]
) -> None:
    play = lab.start()
    play.note(f"somebody wrote {DRIVER} here")
    assert ("/v1/runs/current/journal", DRIVER) in leaks(readable(web), sealed)
