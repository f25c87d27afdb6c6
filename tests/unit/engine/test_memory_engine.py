"""What a test can script on the in-memory engine; what all engines do is in the contract tests."""

from __future__ import annotations

import pytest

from obstack_lab.engine.interface import Engine, Stack
from obstack_lab.errors import EngineError
from obstack_lab.testing import MemoryEngine


def test_it_is_an_engine(engine: MemoryEngine) -> None:
    accepted: Engine = engine
    assert accepted.name == "memory"


def test_a_planned_failure_happens_once(engine: MemoryEngine) -> None:
    engine.fail_next("deploy", EngineError("orders ended while starting."))
    with pytest.raises(EngineError, match="ended while starting"):
        engine.deploy("orders", "1.5.0")
    assert engine.deploy("orders", "1.5.0") == "1.4.2"


def test_a_crash_is_seen_and_nothing_heals(engine: MemoryEngine) -> None:
    engine.crash("inventory")
    (inventory,) = [each for each in engine.components() if each.name == "inventory"]
    assert (inventory.state, inventory.pid) == ("failed", None)


def test_calls_are_kept_in_order(engine: MemoryEngine) -> None:
    engine.deploy("orders", "1.5.0")
    engine.set_config("orders", {"db_pool_size": 20})
    assert [name for name, _ in engine.calls] == ["start", "deploy", "set_config"]
    assert engine.calls[-1][1] == ("orders", {"db_pool_size": 20})


def test_the_load_gets_commands_until_it_crashes(engine: MemoryEngine) -> None:
    engine.load_pipe().send({"op": "stop"})
    assert engine.pipe.commands == [{"op": "stop"}]
    engine.crash("load")
    with pytest.raises(EngineError, match="restart load"):
        engine.load_pipe().send({"op": "stop"})


def test_the_clock_is_the_tests_own(stack: Stack) -> None:
    engine = MemoryEngine(clock=lambda: 42.0)
    engine.start(stack, lambda _: None)
    assert {each.since for each in engine.components()} == {42.0}
