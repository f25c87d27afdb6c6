"""What an operator, or a fault, can do to components beyond a restart: on every engine alike."""

from __future__ import annotations

import functools
import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest
import waiting

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.embedded.throttle import StopAndGo, throttle
from obstack_lab.engine.interface import Component, Engine, Resource, Stack
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id
from obstack_lab.testing import MemoryEngine

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
HOG = "timeit"
"""A module of Python's own that burns a core: a neighbour."""
HOG_ARGUMENTS = ("-n", "100000000000", "pass")


@pytest.fixture(
    scope="module", params=["memory", pytest.param("embedded", marks=pytest.mark.integration)]
)
def any_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    if request.param == "memory":
        yield MemoryEngine()
        return
    home = LabHome(tmp_path_factory.mktemp("operations"))
    engine = EmbeddedEngine(home, new_lab_id())
    try:
        yield engine
    finally:
        engine.stop()
        wipe(home)


@pytest.fixture
def engine(any_engine: Engine) -> Engine:
    any_engine.start(STACK, lambda _: None)
    return any_engine


@pytest.fixture
def real(engine: Engine) -> Engine:
    """The engine where it has processes that can be looked into."""
    if engine.name == "memory":
        pytest.skip("there is no process to look into")
    return engine


def the(engine: Engine, name: str) -> Component:
    (found,) = [each for each in engine.components() if each.name == name]
    return found


def instances(engine: Engine, service: str) -> dict[str, Component]:
    return {each.name: each for each in the(engine, service).children}


comes = functools.partial(waiting.comes, seconds=30.0)


def process(engine: Engine, name: str) -> psutil.Process:
    pid = the(engine, name).pid
    assert pid is not None
    return psutil.Process(pid)


def environment(engine: Engine, name: str) -> dict[str, str]:
    """The environment as the service itself saw it when it started."""
    return dict(engine.environment(name))


# --- instances ---


def test_a_stack_says_how_many_instances_run(engine: Engine) -> None:
    engine.start(Stack(STACK.services, instances={"orders": 2}), lambda _: None)
    assert set(instances(engine, "orders")) == {"orders-1", "orders-2"}
    assert comes(lambda: the(engine, "orders").state == "healthy")
    engine.start(STACK, lambda _: None)
    assert instances(engine, "orders") == {}


def test_a_canary_is_one_instance_until_all_are_deployed(engine: Engine) -> None:
    engine.scale("orders", 2)
    had = engine.releases("orders")
    first = instances(engine, "orders")["orders-1"].pid
    assert engine.deploy("orders", "1.5.0", instance="orders-2") == "1.4.2"
    releases = {name: each.release for name, each in instances(engine, "orders").items()}
    assert releases == {"orders-1": "1.4.2", "orders-2": "1.5.0"}
    assert instances(engine, "orders")["orders-1"].pid == first, "the other one is left alone"
    assert engine.releases("orders") == had
    engine.restart("orders-2")
    assert instances(engine, "orders")["orders-2"].release == "1.5.0"
    engine.deploy("orders", "1.4.2")
    assert {each.release for each in instances(engine, "orders").values()} == {"1.4.2"}


def test_a_start_begins_a_new_history(engine: Engine) -> None:
    engine.deploy("orders", "1.5.0")
    assert engine.releases("orders") == ("1.4.2", "1.5.0")
    engine.start(STACK, lambda _: None)
    assert engine.releases("orders") == ("1.4.2",)


def test_a_canary_of_an_instance_that_is_not_there_is_refused(engine: Engine) -> None:
    with pytest.raises(ActionError, match="no instance 'orders-7'") as refused:
        engine.deploy("orders", "1.5.0", instance="orders-7")
    assert refused.value.parameter == "instance"
    assert the(engine, "orders").release == "1.4.2"


def test_one_instance_can_be_signalled_and_restarted(engine: Engine) -> None:
    engine.scale("inventory", 2)
    engine.signal("inventory-2", "KILL")
    assert comes(lambda: instances(engine, "inventory")["inventory-2"].state == "failed")
    assert instances(engine, "inventory")["inventory-1"].pid is not None
    engine.restart("inventory-2")
    assert comes(lambda: the(engine, "inventory").state == "healthy")


def test_weights_are_told_and_a_start_takes_them_back(engine: Engine) -> None:
    engine.scale("orders", 2)
    assert engine.weigh("orders", {"orders-1": 0}) == {"orders-1": 1, "orders-2": 1}
    assert engine.weigh("orders", {}) == {"orders-1": 0, "orders-2": 1}
    for weights, parameter in (({"orders-9": 1.0}, "orders-9"), ({"orders-1": -1.0}, "orders-1")):
        with pytest.raises(ActionError) as refused:
            engine.weigh("orders", weights)
        assert refused.value.parameter == parameter
    engine.start(STACK, lambda _: None)
    assert engine.weigh("orders", {}) == {"orders-1": 1}


def test_the_whole_shop_runs_and_makes_room_for_the_small_one_again(real: Engine) -> None:
    shop = Stack(
        {**STACK.services, "payments": "1.0.0", "worker": "1.0.0"}, instances={"worker": 2}
    )
    real.start(shop, lambda _: None)
    assert comes(lambda: all(the(real, name).state == "healthy" for name in shop.services))
    assert set(instances(real, "worker")) == {"worker-1", "worker-2"}
    assert comes(lambda: places_an_order(real) == 201)
    real.start(STACK, lambda _: None)
    assert {"payments", "worker"}.isdisjoint(each.name for each in real.components())
    assert comes(lambda: places_an_order(real) == 201)


# --- what an instance is told ---


def test_an_override_holds_from_the_next_start_until_it_is_taken_back(engine: Engine) -> None:
    before = engine.set_environment("orders", {"INVENTORY_URL": "http://127.0.0.1:9", "NEW": "1"})
    assert before == {"INVENTORY_URL": None, "NEW": None}
    assert environment(engine, "orders")["INVENTORY_URL"] == "http://127.0.0.1:9"
    again = engine.set_environment("orders", {"NEW": None})
    assert again == {"NEW": "1"}
    assert "NEW" not in environment(engine, "orders")
    engine.set_environment("orders", before)
    assert environment(engine, "orders").get("INVENTORY_URL") != "http://127.0.0.1:9"
    with pytest.raises(ActionError) as refused:
        engine.set_environment("orders", {"NO NAME": "1"})
    assert refused.value.parameter == "NO NAME"


def test_a_process_is_told_its_override_and_forgets_it_with_the_next_stack(real: Engine) -> None:
    real.set_environment("orders", {"INVENTORY_URL": "http://127.0.0.1:9"})
    assert places_an_order(real) == 201, "only from the next start on"
    real.restart("orders")
    assert places_an_order(real) >= 500
    real.start(STACK, lambda _: None)
    assert places_an_order(real) == 201


def places_an_order(engine: Engine) -> int:
    body = {"customer_id": 1, "items": [{"product_id": 1, "quantity": 1}]}
    return httpx.post(f"{engine.address('orders')}/orders", json=body, timeout=20).status_code


def test_dsn_of_each_role(engine: Engine) -> None:
    for role in ("lab", "shop", "operator"):
        assert engine.dsn(role).startswith(f"postgresql://{role}:")
    with pytest.raises(UnknownName, match="no role 'root'"):
        engine.dsn("root")


# --- limits ---


@pytest.mark.parametrize(
    ("resource", "value", "parameter"),
    [
        ("open_files", 0, "value"),
        ("memory", 10, "value"),
        ("cpu", 0, "value"),
        ("cpu", 1.5, "value"),
        ("cpu", float("nan"), "value"),
        ("disk", 1, "resource"),
    ],
)
def test_a_limit_under_which_nothing_runs_is_refused(
    engine: Engine, resource: Resource, value: float, parameter: str
) -> None:
    with pytest.raises(ActionError) as refused:
        engine.limit("orders", resource, value)
    assert refused.value.parameter == parameter


def test_a_limit_tells_the_one_before(engine: Engine) -> None:
    assert engine.limit("orders", "open_files", 64) is None
    assert engine.limit("orders", "open_files", 128) == 64
    assert engine.limit("orders", "open_files", None) == 128
    assert engine.limit("orders", "open_files", None) is None
    with pytest.raises(UnknownName):
        engine.limit("nobody", "open_files", 64)


@pytest.mark.parametrize(
    ("resource", "kind", "value"),
    [("open_files", "RLIMIT_NOFILE", 256), ("memory", "RLIMIT_DATA", 900_000_000)],
)
def test_a_limit_stays_through_restarts_and_gives_back_what_was_there(
    real: Engine, resource: Resource, kind: str, value: int
) -> None:
    number = getattr(psutil, kind)
    ordinary = process(real, "orders").rlimit(number)
    real.limit("orders", resource, value)
    assert process(real, "orders").rlimit(number) == (value, ordinary[1])
    real.restart("orders")
    assert process(real, "orders").rlimit(number)[0] == value
    real.limit("orders", resource, None)
    assert process(real, "orders").rlimit(number) == ordinary


def test_a_share_of_a_core_is_no_more_than_that(real: Engine) -> None:
    """A hog alone takes whatever the machine has; held to a tenth it takes about a tenth."""
    real.run_job("report", HOG, HOG_ARGUMENTS)
    real.limit("report", "cpu", 0.1)
    assert cpu_share(process(real, "report"), 3.0) < 0.3
    real.limit("report", "cpu", None)
    assert comes(lambda: cpu_share(process(real, "report"), 0.5) > 0.3)


def test_stop_and_go_holds_a_process_where_the_kernel_does_not(real: Engine) -> None:
    real.run_job("report", HOG, HOG_ARGUMENTS)
    hog = process(real, "report")
    held = StopAndGo("report")
    try:
        held.hold(hog.pid, 0.1)
        assert cpu_share(hog, 3.0) < 0.4
    finally:
        held.release()
    assert comes(lambda: hog.status() != psutil.STATUS_STOPPED)
    assert comes(lambda: cpu_share(hog, 0.5) > 0.3)


def test_a_limit_on_a_job_that_is_gone_hinders_nothing(engine: Engine) -> None:
    engine.run_job("report", HOG, HOG_ARGUMENTS)
    engine.limit("report", "cpu", 0.5)
    engine.end_job("report")
    engine.start(STACK, lambda _: None)
    assert "report" not in {each.name for each in engine.components()}


@pytest.mark.integration
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a control group")
def test_a_throttle_leaves_nothing_behind() -> None:
    groups = Path("/sys/fs/cgroup")
    made = throttle("obstack-test-throttle")
    made.release()
    assert not list(groups.glob("**/obstack-test-throttle"))


def cpu_share(process: psutil.Process, seconds: float) -> float:
    """The share of a core that a process takes over a moment."""
    began, before = time.monotonic(), sum(process.cpu_times()[:2])
    time.sleep(seconds)
    return (sum(process.cpu_times()[:2]) - before) / (time.monotonic() - began)


# --- jobs ---


def test_a_job_is_a_component_until_it_is_ended(engine: Engine) -> None:
    engine.run_job("nightly-report", HOG, HOG_ARGUMENTS)
    job = the(engine, "nightly-report")
    assert (job.kind, job.state) == ("job", "healthy")
    engine.run_job("nightly-report", HOG, HOG_ARGUMENTS)
    assert the(engine, "nightly-report").pid == job.pid, "one that runs is left alone"
    engine.end_job("nightly-report")
    engine.end_job("nightly-report")
    assert "nightly-report" not in {each.name for each in engine.components()}
    engine.run_job("nightly-report", HOG, HOG_ARGUMENTS)
    engine.start(STACK, lambda _: None)
    assert "nightly-report" not in {each.name for each in engine.components()}


@pytest.mark.parametrize("name", ["orders", "postgres", "orders-1", "lab", "No Name", ""])
def test_a_job_needs_a_name_of_its_own(engine: Engine, name: str) -> None:
    with pytest.raises(ActionError) as refused:
        engine.run_job(name, HOG)
    assert refused.value.parameter == "name"


def test_a_job_that_has_done_its_work_is_gone_and_one_that_failed_stays(real: Engine) -> None:
    real.run_job("once", "this")
    assert comes(lambda: "once" not in {each.name for each in real.components()})
    real.run_job("wrong", "no_such_module")
    assert comes(lambda: the(real, "wrong").state == "failed")


def test_a_job_that_is_ended_can_be_run_again_with_another_module(engine: Engine) -> None:
    engine.run_job("report", HOG, HOG_ARGUMENTS)
    first = the(engine, "report").pid
    engine.end_job("report")
    engine.run_job("report", HOG, ("-n", "100000000001", "pass"))
    assert the(engine, "report").pid not in {None, first}
    engine.end_job("report")


# --- scraping ---


def test_scraping_can_be_broken_and_mended(engine: Engine) -> None:
    assert engine.scrape("orders", on=False)
    assert not engine.scrape("orders", on=False)
    assert not engine.scrape("orders", on=True)
    assert engine.scrape("orders", on=True)


# --- the tree ---


def test_the_tree_shows_who_hangs_from_whom(engine: Engine) -> None:
    engine.scale("orders", 2)
    tree = engine.tree()
    assert (tree.name, tree.kind) == ("lab", "lab")
    below = {node.name: node for node in tree.children}
    assert set(below) == {"postgres", "telemetry", "prometheus", "edge", "services", "load"}
    services = {node.name: node for node in below["services"].children}
    shop = [name for name in services if name in STACK.services]
    assert shop == ["inventory", "orders", "gateway"], "those that others need first"
    assert [node.name for node in services["orders"].children] == ["orders-1", "orders-2"]
    assert [node.name for node in services["gateway"].children] == ["gateway-1"]
    assert {node.policy.restart for node in services.values()} == {"never"}
