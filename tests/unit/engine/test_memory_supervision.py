"""The in-memory engine heals by the same decisions, on the test's own clock."""

from __future__ import annotations

import pytest

from obstack_lab.engine.interface import Node, Policy, Stack
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.testing import MemoryEngine

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def engine(clock: Clock) -> MemoryEngine:
    engine = MemoryEngine(clock=clock)
    engine.start(STACK, lambda _: None)
    return engine


def state(engine: MemoryEngine, name: str) -> str:
    return next(each.state for each in engine.components() if each.name == name)


def node(engine: MemoryEngine, name: str) -> Node:
    def find(parent: Node) -> Node | None:
        if parent.name == name:
            return parent
        return next((found for child in parent.children if (found := find(child))), None)

    found = find(engine.tree())
    assert found
    return found


def test_it_comes_back_when_its_backoff_is_over(engine: MemoryEngine, clock: Clock) -> None:
    engine.supervise("inventory", Policy("on_failure", backoff=2))
    engine.crash("inventory")
    assert state(engine, "inventory") == "failed"
    clock.now += 2
    assert state(engine, "inventory") == "healthy"
    assert node(engine, "inventory").restarts == 1


def test_one_that_was_told_to_end_comes_back_only_if_it_always_does(engine: MemoryEngine) -> None:
    engine.supervise("orders", Policy("on_failure", backoff=0))
    engine.signal("orders", "TERM")
    assert state(engine, "orders") == "failed"
    engine.supervise("orders", Policy("always", backoff=0))
    engine.components()
    assert state(engine, "orders") == "healthy"


def test_a_dead_parent_takes_its_services_and_brings_them_back(engine: MemoryEngine) -> None:
    engine.signal("services", "KILL")
    assert {state(engine, name) for name in STACK.services} == {"failed"}
    engine.supervise("services", Policy("on_failure", backoff=0))
    engine.components()
    assert {state(engine, name) for name in ("services", *STACK.services)} == {"healthy"}


def test_a_start_takes_supervision_back_but_brings_the_stacks(engine: MemoryEngine) -> None:
    engine.supervise("orders", Policy("always"))
    engine.start(Stack(STACK.services, supervision={"gateway": Policy("always")}), lambda _: None)
    assert node(engine, "orders").policy == Policy()
    assert node(engine, "gateway").policy == Policy("always")


def test_what_is_no_component_or_no_policy_is_refused(engine: MemoryEngine) -> None:
    with pytest.raises(UnknownName, match="no component 'orders-1'"):
        engine.supervise("orders-1", Policy("always"))
    with pytest.raises(ActionError) as refused:
        engine.supervise("orders", Policy("always", window=0))
    assert refused.value.parameter == "window"
