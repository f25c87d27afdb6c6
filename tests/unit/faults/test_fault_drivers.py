"""Every driver that needs no database: sets in, says so, takes back exactly what was there."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping

import pytest

from obstack_lab.engine.interface import Engine, Node, Stack
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.faults.process import ProcessDriver
from obstack_lab.orchestrator.faults.rush import RushDriver
from obstack_lab.scenario.model import Scalar
from obstack_lab.testing import MemoryEngine

STACK = Stack({"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
LIMIT = {"does": "limit", "component": "orders", "resource": "open_files", "value": 16}
CASES: tuple[tuple[str, Mapping[str, Scalar]], ...] = (
    ("config", {"service": "orders", "db_pool_size": 1, "db_pool_timeout": 0.1}),
    ("environment", {"service": "gateway", "ORDERS_URL": "http://127.0.0.1:9"}),
    ("network", {"route": "orders-inventory", "type": "latency", "latency": 800}),
    ("process", {"does": "kill", "component": "orders"}),
    ("process", {"does": "pause", "component": "orders"}),
    ("process", {"does": "crash-loop", "component": "orders", "every": 30}),
    ("process", LIMIT),
    ("process", {"does": "neighbour", "component": "recommender", "processes": 2}),
    ("release", {"service": "orders", "release": "1.5.0"}),
    ("rush", {"factor": 5, "seconds": 600}),
    ("supervision", {"component": "orders", "check": "liveness", "timeout": 0.01}),
    ("telemetry", {"service": "orders"}),
    ("traffic", {"does": "surge", "factor": 3}),
    ("traffic", {"does": "mix", "buy": 1, "browse": 0}),
    ("traffic", {"does": "crave", "product": 7, "share": 0.9}),
    ("traffic", {"does": "search", "text": "aaa", "share": 0.5}),
    ("traffic", {"does": "flood", "step": "report", "rate": 40}),
)


@pytest.fixture
def engine() -> MemoryEngine:
    engine = MemoryEngine()
    engine.start(STACK, lambda _: None)
    return engine


def an_injection(driver: str, params: Mapping[str, Scalar]) -> Injection:
    return Injection(id="quiet-otter", driver=driver, params=params, canary=secrets.token_hex(4))


def inject(engine: Engine, driver: str, params: Mapping[str, Scalar]) -> Injection:
    made, _ = DRIVERS[driver].inject(engine, an_injection(driver, params), 100.0)
    return made


def state(engine: MemoryEngine) -> dict[str, object]:
    """Return all that a fault may have changed."""
    services = STACK.services
    return {
        "config": {name: settings(engine, name) for name in services},
        "environment": {name: dict(engine.environment(name)) for name in services},
        "releases": {name: engine.releases(name)[-1] for name in services},
        "toxics": {route: engine.network.toxics(route) for route in engine.network.routes()},
        "limits": dict(engine.limits),
        "unscraped": set(engine.unscraped),
        "policies": {node.name: node.policy for node in nodes(engine.tree())},
        "components": {each.name: each.state for each in engine.components()},
    }


def settings(engine: MemoryEngine, service: str) -> dict[str, Scalar]:
    try:
        return dict(engine.config(service))
    except EngineError:
        return {}


def nodes(node: Node) -> Iterator[Node]:
    yield node
    for child in node.children:
        yield from nodes(child)


def load_commands(engine: MemoryEngine) -> list[dict[str, object]]:
    return engine.load_pipe().commands


@pytest.mark.parametrize(("driver", "params"), CASES, ids=str)
def test_a_fault_is_there_until_it_is_cleared_and_nothing_of_it_is_left(
    engine: MemoryEngine, driver: str, params: Mapping[str, Scalar]
) -> None:
    before = state(engine)
    lever = DRIVERS[driver]
    assert lever.problems(params) == ()
    assert isinstance(lever.works_on(params), tuple)
    injection = inject(engine, driver, params)
    assert lever.residual(engine, injection)
    assert state(engine) != before or load_commands(engine)
    lever.clear(engine, injection)
    lever.clear(engine, injection)
    assert not lever.residual(engine, injection)
    assert state(engine) == before


@pytest.mark.parametrize(("driver", "params"), CASES, ids=str)
def test_a_parameter_too_many_or_too_few_is_told(driver: str, params: Mapping[str, Scalar]) -> None:
    first = next(iter(params))
    assert DRIVERS[driver].problems({k: v for k, v in params.items() if k != first})
    if driver not in {"config", "environment"} and params.get("does") != "mix":
        assert DRIVERS[driver].problems({**params, "torque": 7})


def test_every_driver_is_known_by_its_name_and_by_its_file() -> None:
    for name, driver in DRIVERS.items():
        assert driver.id == name
        assert type(driver).__module__ == f"obstack_lab.orchestrator.faults.{name}"


def test_a_setting_that_the_learner_has_changed_since_stays(engine: MemoryEngine) -> None:
    injection = inject(engine, "config", {"service": "orders", "db_pool_size": 1})
    engine.set_config("orders", {"db_pool_size": 20})
    assert not DRIVERS["config"].residual(engine, injection)
    DRIVERS["config"].clear(engine, injection)
    assert engine.config("orders")["db_pool_size"] == 20


def test_a_push_of_what_is_there_already_is_no_fault(engine: MemoryEngine) -> None:
    same = engine.config("orders")["db_pool_size"]
    injection = inject(engine, "config", {"service": "orders", "db_pool_size": same})
    assert not DRIVERS["config"].residual(engine, injection)


def test_a_config_push_is_visible_as_one(engine: MemoryEngine) -> None:
    wanted = an_injection("config", {"service": "orders", "db_pool_size": 1})
    _, (change,) = DRIVERS["config"].inject(engine, wanted, 100.0)
    assert (change.who, change.what, change.after) == ("config-bot", "config", "db_pool_size=1")


def test_a_service_that_does_not_come_up_is_what_a_deployment_push_wanted(
    engine: MemoryEngine,
) -> None:
    engine.fail_next("restart", EngineError("orders needs INVENTORY_URL."))
    injection = inject(engine, "environment", {"service": "orders", "INVENTORY_URL": ""})
    assert DRIVERS["environment"].residual(engine, injection)


def test_a_rollback_ends_a_bad_release(engine: MemoryEngine) -> None:
    injection = inject(engine, "release", {"service": "orders", "release": "1.5.0"})
    engine.deploy("orders", "1.4.2")
    assert not DRIVERS["release"].residual(engine, injection)


def test_a_canary_is_one_instance_and_gone_with_it(engine: MemoryEngine) -> None:
    engine.scale("orders", 3)
    params = {"service": "orders", "release": "1.5.0", "instance": "orders-3"}
    injection = inject(engine, "release", params)
    assert engine.releases("orders")[-1] == "1.4.2"
    assert DRIVERS["release"].residual(engine, injection)
    engine.scale("orders", 2)
    assert not DRIVERS["release"].residual(engine, injection)
    DRIVERS["release"].clear(engine, injection)


def test_a_canary_is_taken_back_alone(engine: MemoryEngine) -> None:
    engine.scale("orders", 2)
    params = {"service": "orders", "release": "1.5.0", "instance": "orders-2"}
    injection = inject(engine, "release", params)
    DRIVERS["release"].clear(engine, injection)
    (orders,) = [each for each in engine.components() if each.name == "orders"]
    assert {child.release for child in orders.children} == {"1.4.2"}


def test_a_limit_that_the_learner_has_raised_stays_raised(engine: MemoryEngine) -> None:
    injection = inject(engine, "process", LIMIT)
    engine.limit("orders", "open_files", 4096)
    assert not DRIVERS["process"].residual(engine, injection)
    DRIVERS["process"].clear(engine, injection)
    assert engine.limits["orders", "open_files"] == 4096


def test_a_limit_is_set_back_to_the_one_before(engine: MemoryEngine) -> None:
    engine.limit("orders", "open_files", 512)
    injection = inject(engine, "process", LIMIT)
    DRIVERS["process"].clear(engine, injection)
    assert engine.limits["orders", "open_files"] == 512


def test_a_repaired_scrape_is_not_broken_by_asking(engine: MemoryEngine) -> None:
    injection = inject(engine, "telemetry", {"service": "orders"})
    engine.scrape("orders", on=True)
    assert not DRIVERS["telemetry"].residual(engine, injection)
    assert not DRIVERS["telemetry"].residual(engine, injection)
    assert not engine.unscraped


def test_a_restart_ends_a_pause(engine: MemoryEngine) -> None:
    injection = inject(engine, "process", {"does": "pause", "component": "orders"})
    engine.restart("orders")
    assert not DRIVERS["process"].residual(engine, injection)


def test_a_continued_process_counts_as_paused_until_the_engine_has_looked(
    engine: MemoryEngine,
) -> None:
    now = [0.0]
    driver: FaultDriver = ProcessDriver(clock=lambda: now[0])
    wanted = an_injection("process", {"does": "pause", "component": "orders"})
    injection, _ = driver.inject(engine, wanted, 100.0)
    engine.signal("orders", "CONT")
    assert driver.residual(engine, injection)
    now[0] = 6.0
    assert not driver.residual(engine, injection)


def test_a_restart_ends_a_kill(engine: MemoryEngine) -> None:
    injection = inject(engine, "process", {"does": "kill", "component": "inventory"})
    engine.restart("inventory")
    assert not DRIVERS["process"].residual(engine, injection)


def test_traffic_comes_back_with_a_load_that_was_started_anew(engine: MemoryEngine) -> None:
    injection = inject(engine, "traffic", {"does": "surge", "factor": 3})
    engine.restart("load")
    load_commands(engine).clear()
    assert DRIVERS["traffic"].residual(engine, injection)
    assert load_commands(engine) == [{"op": "surge", "factor": 3}]
    DRIVERS["traffic"].clear(engine, injection)
    assert load_commands(engine)[-1] == {"op": "surge", "factor": 1}


def test_a_toxic_that_does_not_exist_is_told_before_the_run() -> None:
    driver = DRIVERS["network"]
    assert driver.problems({"route": "orders-inventory", "type": "gremlin"})
    assert driver.problems({"route": "orders-mars", "type": "down"})
    assert driver.problems({"route": "orders-postgres", "type": "http_error", "status": 500})
    assert driver.problems({"route": "orders-inventory", "type": "latency", "speed": 1})


def test_another_policy_ends_a_health_check(engine: MemoryEngine) -> None:
    injection = inject(engine, "supervision", {"component": "orders", "check": "readiness"})
    engine.supervise("orders", engine.supervise("inventory", engine.tree().policy))
    assert not DRIVERS["supervision"].residual(engine, injection)


def test_a_rush_is_over_by_itself_and_ends_early_when_it_is_cleared(engine: MemoryEngine) -> None:
    now = [0.0]
    lever = RushDriver(clock=lambda: now[0])
    injection = an_injection("rush", {"factor": 5, "seconds": 10})
    lever.inject(engine, injection, 100.0)
    lever.inject(engine, injection, 100.0)
    assert load_commands(engine) == [{"op": "rush", "factor": 5.0, "seconds": 10.0}]
    now[0] = 11.0
    assert not lever.residual(engine, injection)
    lever.clear(engine, injection)
    assert len(load_commands(engine)) == 1
    lever.inject(engine, injection, 100.0)
    lever.clear(engine, injection)
    assert load_commands(engine)[-1] == {"op": "rush", "factor": 1.0, "seconds": 0.0}


def test_a_greedy_rollout_drains_all_it_may_take_before_it_restarts_them_in_turn(
    engine: MemoryEngine,
) -> None:
    engine.scale("orders", 3)
    engine.weigh("orders", {"orders-1": 0.5})
    engine.calls.clear()
    lever = DRIVERS["rollout"]
    params = {"service": "orders", "unavailable": 2, "every": 600}
    assert lever.problems(params) == ()
    assert lever.problems({"service": "orders", "unavailable": 0, "every": 600})
    injection, (change,) = lever.inject(engine, an_injection("rollout", params), 100.0)
    assert lever.residual(engine, injection)
    assert change.after == "rollout of orders-1, orders-2: surge 0, unavailable 2"
    lever.clear(engine, injection)
    lever.clear(engine, injection)
    assert not lever.residual(engine, injection)
    made = [(method, *arguments) for method, arguments in engine.calls if method == "restart"]
    assert made == [("restart", "orders-1"), ("restart", "orders-2")]
    assert engine.weigh("orders", {}) == {"orders-1": 0.5, "orders-2": 1, "orders-3": 1}
