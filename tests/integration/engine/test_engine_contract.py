"""What every engine does: the same tests on the in-memory one and on real processes."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest
import waiting

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.interface import Component, Engine, Progress, Stack
from obstack_lab.errors import ActionError, EngineError, UnknownName
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id
from obstack_lab.testing import MemoryEngine

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
NAMES = {
    *("postgres", "prometheus", "telemetry", "edge", "load", "services"),
    *("gateway", "orders", "inventory", "exporter"),
}


@pytest.fixture(
    scope="module", params=["memory", pytest.param("embedded", marks=pytest.mark.integration)]
)
def any_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    if request.param == "memory":
        yield MemoryEngine()
        return
    home = LabHome(tmp_path_factory.mktemp("contract") / "läb with spaces")
    engine = EmbeddedEngine(home, new_lab_id())
    try:
        yield engine
    finally:
        engine.stop()
        wipe(home)


@pytest.fixture
def engine(any_engine: Engine) -> Engine:
    """The engine, brought back to the stack as a new incident would."""
    any_engine.start(STACK, lambda _: None)
    return any_engine


def the(engine: Engine, name: str) -> Component:
    (found,) = [each for each in engine.components() if each.name == name]
    return found


comes = functools.partial(waiting.comes, seconds=30.0)


def well(engine: Engine, *names: str) -> bool:
    """Ask whether these are healthy; on a busy machine a probe may say otherwise for a moment."""
    return all(the(engine, name).state == "healthy" for name in names)


def test_start_makes_every_component_healthy_and_says_so(any_engine: Engine) -> None:
    said: list[Progress] = []
    any_engine.stop()
    any_engine.start(STACK, said.append)
    assert {each.name for each in any_engine.components()} == NAMES
    assert comes(lambda: well(any_engine, *NAMES))
    assert {each.component for each in said if each.state == "ready"} >= NAMES


def test_start_again_changes_nothing(engine: Engine) -> None:
    before = {each.name: each.pid for each in engine.components()}
    engine.start(STACK, lambda _: None)
    assert {each.name: each.pid for each in engine.components()} == before


def test_addresses(engine: Engine) -> None:
    assert engine.address("gateway").startswith("http://127.0.0.1:")
    assert engine.address("gateway") == the(engine, "gateway").address
    assert engine.address("postgres").startswith("postgresql://operator:")
    assert "@" not in the(engine, "postgres").address, "no password where it is shown"
    with pytest.raises(UnknownName, match="no component 'payments'"):
        engine.address("payments")


@pytest.mark.parametrize("name", ["orders", "prometheus", "load", "edge"])
def test_restart_is_a_new_process_at_the_same_address(engine: Engine, name: str) -> None:
    before = the(engine, name)
    engine.restart(name)
    after = the(engine, name)
    assert (after.address, after.release) == (before.address, before.release)
    assert after.pid != before.pid
    assert after.restarts == before.restarts + 1
    assert comes(lambda: well(engine, name))


def test_restarting_the_parent_restarts_its_services(engine: Engine) -> None:
    before = {name: the(engine, name).pid for name in STACK.services}
    engine.restart("services")
    assert comes(lambda: well(engine, *STACK.services))
    assert all(the(engine, name).pid != pid for name, pid in before.items())


def test_deploy_and_roll_back(engine: Engine) -> None:
    had = engine.releases("orders")
    assert engine.deploy("orders", "1.5.0") == "1.4.2"
    assert the(engine, "orders").release == "1.5.0"
    assert engine.deploy("orders", "1.4.2") == "1.5.0"
    assert engine.releases("orders") == (*had, "1.5.0", "1.4.2")
    assert comes(lambda: well(engine, "orders"))


def test_an_unknown_release_is_refused_and_the_old_one_goes_on(engine: Engine) -> None:
    before = the(engine, "orders")
    with pytest.raises(UnknownName, match=r"no release of orders '9\.9\.9'"):
        engine.deploy("orders", "9.9.9")
    assert the(engine, "orders").pid == before.pid
    assert engine.releases("orders")[-1] == "1.4.2"


def test_scale_down_to_nothing_and_up_again(engine: Engine) -> None:
    assert engine.scale("inventory", 0) == 1
    assert (the(engine, "inventory").state, the(engine, "inventory").pid) == ("stopped", None)
    with pytest.raises(EngineError, match="restart inventory"):
        engine.config("inventory")
    assert engine.scale("inventory", 1) == 0
    assert comes(lambda: well(engine, "inventory"))
    with pytest.raises(ActionError):
        engine.scale("inventory", -1)


def test_settings_change_at_once_and_stay(engine: Engine) -> None:
    assert engine.set_config("orders", {"db_pool_size": 20}) == {"db_pool_size": 4}
    assert engine.config("orders")["db_pool_size"] == 20
    engine.restart("orders")
    assert engine.config("orders")["db_pool_size"] == 20


def test_a_setting_the_service_does_not_take_changes_nothing(engine: Engine) -> None:
    with pytest.raises(ActionError, match="orders"):
        engine.set_config("orders", {"db_pool_size": "many"})
    with pytest.raises(ActionError, match="fault"):
        engine.set_config("orders", {"fault": True})
    assert engine.config("orders")["db_pool_size"] == 4


def test_start_takes_back_what_was_changed(engine: Engine) -> None:
    engine.set_config("orders", {"db_pool_size": 20})
    engine.deploy("orders", "1.5.0")
    engine.scale("gateway", 0)
    engine.start(STACK, lambda _: None)
    assert engine.config("orders")["db_pool_size"] == 4
    assert the(engine, "orders").release == "1.4.2"
    assert comes(lambda: well(engine, "gateway"))


def test_the_stack_says_which_settings_differ_from_the_defaults(engine: Engine) -> None:
    engine.start(Stack(STACK.services, {"orders": {"db_pool_size": 7}}), lambda _: None)
    assert engine.config("orders")["db_pool_size"] == 7


@pytest.mark.parametrize("name", ["orders", "prometheus", "postgres", "load", "telemetry", "edge"])
def test_one_that_is_killed_is_failed_until_someone_restarts_it(engine: Engine, name: str) -> None:
    engine.signal(name, "KILL")
    assert comes(lambda: the(engine, name).state == "failed")
    assert "SIGKILL" in the(engine, name).detail
    with pytest.raises(EngineError, match="does not run"):
        engine.signal(name, "TERM")
    engine.restart(name)
    assert comes(lambda: well(engine, name))


def test_a_killed_parent_takes_its_services_and_a_service_restart_brings_it_back(
    engine: Engine,
) -> None:
    engine.signal("services", "KILL")
    assert comes(lambda: the(engine, "services").state == "failed")
    engine.restart("services")
    assert comes(lambda: well(engine, *STACK.services))


def test_a_stopped_process_is_unhealthy_until_it_goes_on(engine: Engine) -> None:
    engine.signal("orders", "STOP")
    assert comes(lambda: the(engine, "orders").state == "unhealthy")
    engine.signal("orders", "CONT")
    assert comes(lambda: well(engine, "orders"))


def test_a_stopped_process_can_be_restarted(engine: Engine) -> None:
    engine.signal("orders", "STOP")
    engine.restart("orders")
    assert comes(lambda: well(engine, "orders"))


def test_an_unknown_signal_is_refused(engine: Engine) -> None:
    with pytest.raises(ActionError, match="STOP, CONT, TERM"):
        engine.signal("orders", "SEGV")


def test_the_line_to_the_load_outlives_its_process(engine: Engine) -> None:
    pipe = engine.load_pipe()
    before = pipe.generation
    pipe.send({"op": "stop"})
    engine.restart("load")
    assert engine.load_pipe() is pipe
    assert pipe.generation == before + 1
    pipe.send({"op": "stop"})
    engine.signal("load", "KILL")
    assert comes(lambda: the(engine, "load").state == "failed")
    with pytest.raises(EngineError, match="restart load"):
        pipe.send({"op": "stop"})


def test_usage_counts_every_component(engine: Engine) -> None:
    usage = engine.usage()
    assert set(usage) == NAMES
    assert all(each.memory > 1_000_000 for each in usage.values())


def test_logs_of_an_unknown_component(engine: Engine) -> None:
    assert isinstance(engine.logs("orders", 5), str)
    with pytest.raises(UnknownName):
        engine.logs("payments")


def test_stop_twice_and_start_again(engine: Engine) -> None:
    engine.stop()
    engine.stop()
    assert {each.state for each in engine.components()} == {"stopped"}
    assert {each.pid for each in engine.components()} == {None}
    engine.start(STACK, lambda _: None)
    assert comes(lambda: well(engine, *NAMES))
