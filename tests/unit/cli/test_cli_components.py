"""`components` and `component …`: what goes to the control agent, and what comes back."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from obstack_lab.cli import component as verbs
from obstack_lab.cli import components as listing
from obstack_lab.orchestrator.control_client import ControlClient
from obstack_lab.state import LabState

ORDERS = {
    "name": "orders",
    "kind": "service",
    "state": "healthy",
    "pid": 11,
    "release": "1.4.2",
    "address": "http://127.0.0.1:4001",
}
WEIGHTS = {"component": "orders", "weights": {"orders-1": 0.0}, "before": {"orders-1": 1.0}}
RELEASES = {"component": "orders", "releases": ["1.4.2", "1.5.0"], "before": "1.4.2"}
CONFIG = {"component": "orders", "values": {"db_pool_size": 9}, "before": {"db_pool_size": 4}}
TREE = {
    "name": "lab",
    "kind": "lab",
    "state": "healthy",
    "children": [
        {**ORDERS, "name": "edge", "kind": "edge", "address": ""},
        {
            **ORDERS,
            "policy": {"restart": "on_failure", "most": 2, "window": 30},
            "given_up": True,
            "children": [{**ORDERS, "name": "orders-1"}],
        },
    ],
}


class Agent:
    """Answers as the control agent does and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, Any]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content) if request.content else None
        path = request.url.path.removeprefix("/v1")
        self.asked.append((request.method, path, body))
        answers = {
            "tree": TREE,
            "config": CONFIG,
            "reset": CONFIG,
            "policy": {"restart": "never"},
            **dict.fromkeys(("weights", "drain", "undrain"), WEIGHTS),
            **dict.fromkeys(("deploy", "rollback"), RELEASES),
        }
        return httpx.Response(200, json=answers.get(path.rpartition("/")[2], ORDERS))


@pytest.fixture
def agent(monkeypatch: pytest.MonkeyPatch) -> Agent:
    agent = Agent()
    state = LabState(
        lab_id="0badcafe",
        pid=1,
        pid_started=0,
        url="http://127.0.0.1:1",
        token="the-token-of-this-lab",
        engine="memory",
        backends="built-in",
        started_at=0,
    )

    def client(*_: object, **__: object) -> ControlClient:
        return ControlClient(state, transport=httpx.MockTransport(agent))

    for module in (verbs, listing):
        monkeypatch.setattr(module, "ControlClient", client)
        monkeypatch.setattr(module, "attached", lambda: state)
    return agent


def test_the_tree_is_shown_with_what_heals_itself(lab, agent: Agent) -> None:
    done = lab("components")
    assert done.code == 0
    assert "    orders-1" in done.out
    assert "given up" in done.out
    assert json.loads(lab("components", "--json").out)["children"][1]["policy"]["most"] == 2


def test_the_port_map_has_each_address_once(lab, agent: Agent) -> None:
    assert json.loads(lab("components", "--ports", "--json").out) == {
        "orders-1": "http://127.0.0.1:4001"
    }
    assert "http://127.0.0.1:4001" in lab("components", "--ports").out


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("signal orders KILL", ("POST", "signal", {"signal": "KILL"})),
        ("pause orders", ("POST", "pause", None)),
        ("resume orders", ("POST", "resume", None)),
        ("restart orders", ("POST", "restart", None)),
        ("restart orders --rolling", ("POST", "restart", {"rolling": True, "surge": False})),
        ("restart orders --surge", ("POST", "restart", {"rolling": True, "surge": True})),
        ("scale orders 3", ("POST", "scale", {"instances": 3})),
        ("deploy orders 1.5.0", ("POST", "deploy", {"release": "1.5.0", "instance": None})),
        (
            "deploy orders 1.5.0 --instance orders-2",
            ("POST", "deploy", {"release": "1.5.0", "instance": "orders-2"}),
        ),
        ("rollback orders", ("POST", "rollback", None)),
        ("config orders", ("GET", "config", None)),
        ("config orders db_pool_size=9", ("PATCH", "config", {"db_pool_size": 9})),
        ("config orders --reset", ("POST", "config/reset", None)),
        ("drain orders orders-1", ("POST", "drain", {"instance": "orders-1"})),
        ("undrain orders orders-1", ("POST", "undrain", {"instance": "orders-1"})),
        ("weigh orders", ("GET", "weights", None)),
        ("weigh orders orders-1=0.1", ("PUT", "weights", {"weights": {"orders-1": 0.1}})),
    ],
)
def test_a_verb_is_one_request(
    lab, agent: Agent, words: str, asked: tuple[str, str, object]
) -> None:
    done = lab("component", *words.split())
    assert (done.code, done.err) == (0, "")
    assert done.out
    method, verb, body = asked
    assert agent.asked == [(method, f"/components/orders/{verb}", body)]
    assert json.loads(lab("component", *words.split(), "--json").out)


def test_a_policy_is_said_in_options(lab, agent: Agent) -> None:
    done = lab(
        *("component", "supervise", "orders", "--strategy", "rest_for_one", "--most", "2"),
        *("--liveness", "/healthz", "--timeout", "0.05"),
    )
    assert "never restarted → restart on_failure, rest_for_one" in " ".join(done.out.split())
    _, path, body = agent.asked[0]
    assert path == "/components/orders/policy"
    assert (body["most"], body["liveness"]["timeout"], body["readiness"]) == (2, 0.05, None)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("signal orders USR1", "USR1"),
        ("weigh orders orders-1", "KEY=VALUE"),
        ("weigh orders orders-1=much", "must be a number"),
        ("config orders db_pool_size=9 --reset", "not both"),
        ("supervise orders --liveness healthz", "must begin with '/'"),
        ("supervise orders --most=-1", "--most"),
        ("scale orders many", "instances"),
    ],
)
def test_wrong_use_is_refused_before_anything_is_asked(
    lab, agent: Agent, words: str, said: str
) -> None:
    lab("component", *words.split()).refused(said)
    assert agent.asked == []
