"""The control agent: each verb works, is journalled with before and after, and names bad fields."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from orchestrator_stage import TOKEN, InProcess, Lab
from starlette.types import ASGIApp

from obstack_lab.errors import ActionError, EngineError, UnknownName
from obstack_lab.orchestrator.component_views import NodeView, PolicyView, ProbeView
from obstack_lab.orchestrator.control_client import ControlClient
from obstack_lab.state import LabState

HEALING = PolicyView(restart="on_failure", backoff=0)


@pytest.fixture
def agent(app: ASGIApp, lab: Lab) -> Iterator[ControlClient]:
    lab.start()
    state = LabState(
        lab_id="0badcafe",
        pid=1,
        pid_started=0,
        url="http://127.0.0.1:1",
        token=TOKEN,
        engine="memory",
        backends="built-in",
        started_at=0,
    )
    with ControlClient(state, transport=InProcess(app)) as client:
        yield client


def last_change(agent: ControlClient) -> str:
    return agent.changes()[0].text


def node(tree: NodeView, name: str) -> NodeView:
    found = [each for each in flat(tree) if each.name == name]
    assert len(found) == 1
    return found[0]


def flat(tree: NodeView) -> Iterator[NodeView]:
    yield tree
    for child in tree.children:
        yield from flat(child)


def test_the_tree_hangs_services_from_their_parent(agent: ControlClient) -> None:
    tree = agent.tree()
    assert tree.name == "lab"
    assert "orders" in {child.name for child in node(tree, "services").children}
    stock = node(tree, "inventory")
    assert (stock.state, stock.release, stock.policy) == ("healthy", "3.1.0", PolicyView())
    assert [child.name for child in stock.children] == ["inventory-1"]


def test_a_policy_heals_what_is_killed_and_stands_in_the_change_log(
    agent: ControlClient, lab: Lab
) -> None:
    assert agent.supervise("inventory", HEALING) == PolicyView()
    assert last_change(agent) == (
        "inventory: config never restarted → restart on_failure, one_for_one, 5 in 60 s"
    )
    lab.engine.crash("inventory")
    agent.tree()
    assert node(agent.tree(), "inventory").state == "healthy"
    assert node(agent.tree(), "inventory").restarts == 1


def test_what_crashes_too_often_is_given_up_until_somebody_restarts_it(
    agent: ControlClient, lab: Lab
) -> None:
    agent.supervise("inventory", PolicyView(restart="on_failure", backoff=0, most=1))
    for _ in range(2):
        lab.engine.crash("inventory")
        agent.tree()
    assert node(agent.tree(), "inventory").given_up
    assert node(agent.tree(), "inventory").state == "failed"
    agent.restart("inventory")
    agent.tree()
    assert not node(agent.tree(), "inventory").given_up


def test_nothing_heals_itself_by_itself(agent: ControlClient, lab: Lab) -> None:
    lab.engine.crash("inventory")
    assert node(agent.tree(), "inventory").state == "failed"


def test_pause_and_resume(agent: ControlClient) -> None:
    assert agent.pause("orders").state == "unhealthy"
    assert last_change(agent) == "orders: signal healthy → STOP"
    assert agent.resume("orders").state == "healthy"
    assert last_change(agent) == "orders: signal unhealthy → CONT"


def test_a_rolling_restart_drains_each_instance_and_gives_back_its_share(
    agent: ControlClient, lab: Lab
) -> None:
    agent.scale("orders", 2)
    agent.weigh("orders", {"orders-1": 0.5})
    lab.engine.calls.clear()
    agent.rolling_restart("orders")
    done = [
        call for call in lab.engine.calls if call[0] in {"weigh", "restart"} and call[1][-1] != {}
    ]
    assert done == [
        ("weigh", ("orders", {"orders-1": 0.0})),
        ("restart", ("orders-1",)),
        ("weigh", ("orders", {"orders-1": 0.5})),
        ("weigh", ("orders", {"orders-2": 0.0})),
        ("restart", ("orders-2",)),
        ("weigh", ("orders", {"orders-2": 1.0})),
    ]
    assert agent.weights("orders").weights == {"orders-1": 0.5, "orders-2": 1}


def test_a_surge_lets_a_service_of_one_instance_go_on(agent: ControlClient, lab: Lab) -> None:
    lab.engine.calls.clear()
    after = agent.rolling_restart("inventory", surge=True)
    assert [call[1] for call in lab.engine.calls if call[0] == "scale"] == [
        ("inventory", 2),
        ("inventory", 1),
    ]
    assert (after.children, after.restarts) == ((), 1)
    assert last_change(agent).startswith("inventory: restart pid ")


def test_a_surge_is_over_although_an_instance_does_not_come_up(
    agent: ControlClient, lab: Lab
) -> None:
    lab.engine.fail_next("restart", EngineError("orders-1 does not come up", component="orders"))
    with pytest.raises(EngineError, match="does not come up"):
        agent.rolling_restart("orders", surge=True)
    assert agent.weights("orders").weights == {"orders-1": 1}


def test_deploy_and_roll_back(agent: ControlClient) -> None:
    done = agent.deploy("inventory", "3.0.2")
    assert (done.before, done.releases) == ("3.1.0", ("3.1.0", "3.0.2"))
    assert last_change(agent) == "inventory: deploy 3.1.0 → 3.0.2"
    assert agent.rollback("inventory").releases == ("3.1.0", "3.0.2", "3.1.0")
    assert last_change(agent) == "inventory: rollback 3.0.2 → 3.1.0"
    with pytest.raises(ActionError, match="no earlier release"):
        agent.rollback("gateway")


def test_a_canary_is_deployed_to_one_instance(agent: ControlClient) -> None:
    agent.scale("inventory", 2)
    assert agent.deploy("inventory", "3.0.2", instance="inventory-2").releases == ("3.1.0",)
    assert last_change(agent) == "inventory-2: deploy 3.1.0 → 3.0.2"
    assert node(agent.tree(), "inventory-2").release == "3.0.2"
    assert node(agent.tree(), "inventory-1").release == "3.1.0"


def test_drain_and_undrain(agent: ControlClient) -> None:
    agent.scale("orders", 2)
    assert agent.drain("orders", "orders-1").weights == {"orders-1": 0, "orders-2": 1}
    assert last_change(agent) == (
        "orders: weight orders-1=1.0, orders-2=1.0 → orders-1=0.0, orders-2=1.0"
    )
    assert agent.undrain("orders", "orders-1").weights == {"orders-1": 1, "orders-2": 1}


def test_settings_go_back_to_their_defaults(agent: ControlClient) -> None:
    agent.set_config("orders", {"db_pool_size": 9})
    assert agent.reset_config("orders").before == {"db_pool_size": 9}
    assert agent.config("orders").values["db_pool_size"] == 4
    before = len(agent.changes())
    assert agent.reset_config("orders").before == {}
    assert len(agent.changes()) == before, "nothing was changed"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("orders/policy", {"restart": "sometimes"}, "restart"),
        ("orders/policy", {"restart": "always", "most": -1}, "most"),
        ("orders/policy", {"restart": "always", "backoff": 20, "longest": 1}, "longest"),
        ("orders/policy", {"liveness": {"path": "healthz"}}, "liveness.path"),
        ("orders/policy", {"liveness": {"timeout": 0}}, "liveness.timeout"),
        ("orders/deploy", {"release": "9.9.9"}, "release"),
        ("orders/deploy", {"release": ""}, "release"),
        ("orders/deploy", {"release": "1.5.0", "instance": "orders-7"}, "instance"),
        ("orders/drain", {}, "instance"),
        ("orders/drain", {"instance": "orders-7"}, "orders-7"),
        ("orders/weights", {"weights": {"orders-1": -1}}, "weights.orders-1"),
        ("orders/weights", {"weights": {}}, "weights"),
        ("orders/restart", {"rolling": "perhaps"}, "rolling"),
        ("orders/scale", {"instances": 11}, "instances"),
        ("orders/signal", {"signal": "USR1"}, "signal"),
    ],
)
def test_a_bad_parameter_is_refused_by_its_name(
    agent: ControlClient, web: httpx.Client, path: str, body: dict[str, object], field: str
) -> None:
    before = len(agent.changes())
    method = "PUT" if path.endswith(("policy", "weights")) else "POST"
    answer = web.request(method, f"/v1/components/{path}", json=body)
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["detail"]
    assert len(agent.changes()) == before, "what was refused has changed nothing"


@pytest.mark.parametrize(
    ("method", "verb", "body"),
    [
        ("POST", "pause", None),
        ("POST", "resume", None),
        ("POST", "restart", None),
        ("POST", "deploy", {"release": "1.4.2"}),
        ("POST", "rollback", None),
        ("POST", "drain", {"instance": "teapot-1"}),
        ("POST", "config/reset", None),
        ("PUT", "policy", {"restart": "never"}),
        ("GET", "releases", None),
        ("GET", "weights", None),
    ],
)
def test_an_unknown_component_is_not_found(
    agent: ControlClient, web: httpx.Client, method: str, verb: str, body: dict[str, object] | None
) -> None:
    answer = web.request(method, f"/v1/components/teapot/{verb}", json=body)
    assert answer.status_code == 404, answer.text
    assert "teapot" in answer.json()["detail"]
    with pytest.raises(UnknownName):
        agent.pause("teapot")


def test_every_verb_is_described_and_typed(web: httpx.Client) -> None:
    paths = web.get("/openapi.json").json()["paths"]
    verbs = [
        operation
        for path, operations in paths.items()
        if path.startswith(("/v1/components", "/v1/tree"))
        for operation in operations.values()
    ]
    assert len(verbs) >= 20
    for operation in verbs:
        assert operation["description"], operation
        answer = operation["responses"]["200"]["content"]["application/json"]["schema"]
        assert answer, operation


def test_a_policy_says_itself_in_a_few_words() -> None:
    policy = PolicyView(restart="always", liveness=ProbeView(path="/readyz", timeout=0.05))
    assert policy.words == (
        "restart always, one_for_one, 5 in 60 s, liveness /readyz within 0.05 s × 3"
    )
