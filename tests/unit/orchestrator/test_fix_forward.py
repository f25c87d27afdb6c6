"""A release of one's own code: checked, rehearsed, deployed; refused with its line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import pytest
from orchestrator_stage import Lab

from obstack_lab.engine.interface import Stack
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.load.step import STEPS
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.orchestrator.process_info import processes
from obstack_lab.orchestrator.user_request import UserRequest
from obstack_lab.orchestrator.views import ComponentView
from obstack_lab.review.journal import ActionEntry
from obstack_lab.testing import MemoryEngine

Edit = Callable[[Callable[[dict[str, Any]], None]], None]
PID = os.getpid()
CODE = "SETTINGS = dict\n\n\ndef build(runtime):\n    return None\n"


class Rehearsal:
    """Stands in for the throwaway instance."""

    def __init__(self, problem: str = "") -> None:
        self.problem = problem
        self.seen: list[tuple[str, str, str, Mapping[str, str]]] = []

    def __call__(self, service: str, release: str, folder: Path, told: Mapping[str, str]) -> str:
        (file,) = folder.glob("*.py")
        self.seen.append((service, release, file.read_text("utf-8"), told))
        return self.problem


@pytest.fixture
def engine() -> MemoryEngine:
    releases = {"orders": ("1.4.1", "1.4.2", "1.6.9")}
    engine = MemoryEngine(releases=releases)
    engine.start(Stack({"orders": "1.4.2"}), lambda _: None)
    return engine


@pytest.fixture
def rehearsal() -> Rehearsal:
    return Rehearsal()


@pytest.fixture
def delivery(tmp_path: Path, engine: MemoryEngine, rehearsal: Rehearsal) -> Delivery:
    return Delivery(tmp_path / "private" / "releases", engine, rehearsal)


def refused(delivery: Delivery, release: str, code: str) -> tuple[str, str]:
    with pytest.raises(ActionError) as caught:
        delivery.take("orders", release, code)
    return caught.value.parameter, str(caught.value)


def test_the_template_is_the_code_that_runs(
    delivery: Delivery, engine: MemoryEngine, tmp_path: Path
) -> None:
    ours = files("sut.releases") / "orders_1_4_2.py"
    assert delivery.code("orders").code == ours.read_text("utf-8")
    delivery.take("orders", "1.6.9", CODE)
    engine.deploy("orders", "1.6.9")
    assert (delivery.code("orders").release, delivery.code("orders").code) == ("1.6.9", CODE)
    with pytest.raises(UnknownName):
        delivery.code("shipping")


def test_good_code_is_rehearsed_with_what_the_service_is_told_and_kept(
    delivery: Delivery, engine: MemoryEngine, rehearsal: Rehearsal, tmp_path: Path
) -> None:
    engine.set_environment("orders", {"DATABASE_URL": "postgresql://elsewhere"})
    delivery.take("orders", "1.6.9", CODE)
    ((service, release, code, told),) = rehearsal.seen
    assert (service, release, code) == ("orders", "1.6.9", CODE)
    assert told["DATABASE_URL"] == "postgresql://elsewhere"
    assert '"db_pool_size": 4' in told["SERVICE_SETTINGS"]
    kept = tmp_path / "private" / "releases" / "orders_1_6_9.py"
    assert kept.read_text("utf-8") == CODE
    assert [path.name for path in kept.parent.parent.iterdir()] == ["releases"]


def test_a_service_that_is_down_can_be_mended_by_code(
    delivery: Delivery, engine: MemoryEngine, rehearsal: Rehearsal
) -> None:
    engine.crash("orders")
    delivery.take("orders", "1.6.9", CODE)
    assert rehearsal.seen[0][3]["SERVICE_SETTINGS"] == ""


def test_code_that_does_not_compile_is_refused_with_its_line(
    delivery: Delivery, rehearsal: Rehearsal
) -> None:
    parameter, words = refused(delivery, "1.6.9", "x = 1\ndef build(:\n    pass\n")
    assert (parameter, "line 2: invalid syntax: def build(:" in words) == ("code", True)
    assert refused(delivery, "1.6.9", "x = 1\0")[0] == "code"
    assert refused(delivery, "1.6.9", "x" * 300_000)[0] == "code"
    assert not rehearsal.seen


def test_code_that_does_not_come_up_is_refused_and_not_kept(
    delivery: Delivery, rehearsal: Rehearsal, tmp_path: Path
) -> None:
    rehearsal.problem = "line 7: NameError: name 'shop' is not defined"
    parameter, words = refused(delivery, "1.6.9", CODE)
    assert (parameter, "line 7: NameError" in words) == ("code", True)
    assert not list((tmp_path / "private" / "releases").iterdir())
    rehearsal.problem = ""
    delivery.take("orders", "1.6.9", CODE)


@pytest.mark.parametrize("release", ["1.4.2", "1.4.1", "1.6", "v1.6.9", "../1.6.9", "1.6.9\n"])
def test_a_version_is_new_and_looks_like_one(delivery: Delivery, release: str) -> None:
    assert refused(delivery, release, CODE)[0] == "release"


def test_a_release_that_runs_does_not_change(delivery: Delivery, engine: MemoryEngine) -> None:
    delivery.take("orders", "1.6.9", CODE)
    delivery.take("orders", "1.6.9", CODE + "\n")
    engine.scale("orders", 2)
    engine.deploy("orders", "1.6.9", instance="orders-2")
    assert "does not change" in refused(delivery, "1.6.9", CODE)[1]


# the action


@pytest.fixture
def everything(change_scenario: Edit) -> None:
    change_scenario(lambda data: data["toolkit"].append("release"))


@pytest.mark.usefixtures("everything")
def test_a_release_is_deployed_whole_or_as_a_canary(
    client: Client, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = {**lab.engine._known, "orders": ("1.4.1", "1.4.2", "1.5.0", "1.6.8", "1.6.9")}
    monkeypatch.setattr(lab.engine, "_known", known)
    lab.start()
    before = lab.engine.releases("orders")[-1]
    done = client.act("release", service="orders", release="1.6.9", code=CODE, canary=True)
    assert done.result == f"orders-2: {before} → 1.6.9"
    assert lab.engine.releases("orders")[-1] == before
    done = client.act("release", service="orders", release="1.6.8", code=CODE)
    assert (done.before, done.after) == (before, "1.6.8")
    assert client.code("orders").code == CODE
    kept = [e for e in client.journal().entries if isinstance(e, ActionEntry)][-1]
    assert kept.params["code"] == "5 lines"
    with pytest.raises(ActionError, match="line 1"):
        client.act("release", service="orders", release="1.6.9", code="def:\n")
    client.act("rollback", service="orders")
    assert lab.engine.releases("orders")[-1] == before


# a closer look


def test_the_processes_of_a_component_are_told(client: Client, lab: Lab) -> None:
    me = ComponentView(name="me", kind="job", state="healthy", pid=PID)
    (told,) = processes(me, pause=lambda _: None)
    assert (told.instance, told.pid, told.settings_version) == ("me", PID, None)
    assert told.memory
    assert told.threads
    assert told.cpu is not None
    (gone,) = processes(
        ComponentView(name="gone", kind="job", state="failed"), pause=lambda _: None
    )
    assert (gone.pid, gone.memory, gone.connections) == (None, None, {})
    assert [each.instance for each in client.processes("orders")] == ["orders"]
    with pytest.raises(UnknownName):
        client.processes("nothing")


@pytest.mark.parametrize("name", ["place-order", "POST /orders", " POST  /orders "])
def test_a_request_is_known_by_its_step_or_by_its_route(name: str) -> None:
    assert UserRequest.named(name).step is STEPS["place-order"]
    with pytest.raises(UnknownName, match="POST /orders"):
        UserRequest.named("POST /nothing")


def test_a_request_is_sent_with_a_trace_of_its_own_after_what_it_needs() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.method == "POST":
            basket = json.loads(request.content)
            placed = {"order_id": 7, "total_cents": 1, **basket}
            return httpx.Response(201, json=placed)
        return httpx.Response(200, json={})

    sent = UserRequest.named("read-order").send(
        "http://gateway", transport=httpx.MockTransport(answer)
    )
    assert (sent.request, sent.status) == ("GET /orders/7", 200)
    assert [request.method for request in asked] == ["POST", "GET"]
    assert "traceparent" not in asked[0].headers
    assert asked[1].headers["traceparent"].startswith(f"00-{sent.trace_id}-")
