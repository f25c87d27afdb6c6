"""The network of the in-memory engine: the routes of a stack, and what can be put on them."""

from __future__ import annotations

from pathlib import Path

import pytest

from obstack_lab.engine.interface import Network, Stack, Toxic
from obstack_lab.engine.topology import ROUTES
from obstack_lab.errors import ActionError, EngineError, UnknownName
from obstack_lab.testing import MemoryEngine
from sut.edge.toxic import KINDS

SLOW = Toxic("latency", attributes={"latency": 300})


@pytest.fixture
def network(engine: MemoryEngine) -> Network:
    return engine.network


def test_a_route_exists_while_both_its_ends_are_in_the_stack(engine: MemoryEngine) -> None:
    always = ("gateway-orders", "orders-inventory", "orders-postgres", "inventory-postgres")
    assert engine.network.routes() == (*always, "services-telemetry")
    everything = {"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"}
    everything |= {"payments": "1.0.0", "worker": "1.0.0"}
    engine.start(Stack(services=everything), lambda _: None)
    more = ("orders-payments", "worker-postgres", "worker-payments")
    assert engine.network.routes() == (*always, *more, "services-telemetry")
    engine.start(Stack(services={"gateway": "2.3.1"}), lambda _: None)
    assert engine.network.routes() == ("services-telemetry",)


def test_a_toxic_has_all_its_attributes_until_it_is_taken_off(network: Network) -> None:
    for _ in range(2):
        network.add_toxic("gateway-orders", "x", SLOW)
    network.add_toxic("gateway-orders", "y", Toxic("down", "upstream"))
    assert network.toxics("gateway-orders") == {
        "x": Toxic("latency", attributes={"latency": 300, "jitter": 0}),
        "y": Toxic("down", "upstream"),
    }
    assert network.toxics("orders-postgres") == {}
    for _ in range(2):
        network.remove_toxic("gateway-orders", "x")
    assert list(network.toxics("gateway-orders")) == ["y"]


def test_one_of_the_same_name_is_replaced(network: Network) -> None:
    network.add_toxic("gateway-orders", "x", SLOW)
    network.add_toxic("gateway-orders", "x", Toxic("http_error", attributes={"status": 503}))
    assert [toxic.type for toxic in network.toxics("gateway-orders").values()] == ["http_error"]


@pytest.mark.parametrize(
    ("route", "toxic", "says"),
    [
        ("gateway-orders", Toxic("gremlin"), "no toxic 'gremlin'"),
        ("gateway-orders", Toxic("latency"), "'latency' of latency must be a number"),
        ("gateway-orders", Toxic("down", attributes={"now": 1}), "no attribute 'now'"),
        ("gateway-orders", Toxic("down", toxicity=0.5), "'toxicity' of down"),
        ("orders-postgres", Toxic("http_error", attributes={"status": 503}), "needs HTTP"),
    ],
)
def test_a_toxic_that_cannot_be_is_refused_and_changes_nothing(
    network: Network, route: str, toxic: Toxic, says: str
) -> None:
    with pytest.raises(ActionError, match=says):
        network.add_toxic(route, "x", toxic)
    assert network.toxics(route) == {}


def test_a_route_that_is_not_there_is_named_with_those_that_are(network: Network) -> None:
    for use in (
        lambda: network.toxics("orders-payments"),
        lambda: network.add_toxic("orders-payments", "x", SLOW),
        lambda: network.remove_toxic("orders-payments", "x"),
    ):
        with pytest.raises(UnknownName, match=r"no route 'orders-payments'.*gateway-orders"):
            use()


def test_the_docs_name_every_route_and_every_toxic_with_its_attributes() -> None:
    text = (Path(__file__).parents[3] / "docs" / "system-under-test.md").read_text("utf-8")
    network = text.partition("## The network")[2].partition("\n## ")[0]
    assert [route.name for route in ROUTES if f"`{route.name}`" not in network] == []
    for kind, attributes in KINDS.items():
        (row,) = [line for line in network.splitlines() if line.startswith(f"| `{kind}`")]
        assert [name for name in attributes if f"`{name}`" not in row] == []


def test_starting_again_takes_everything_off(engine: MemoryEngine, stack: Stack) -> None:
    engine.network.add_toxic("gateway-orders", "x", SLOW)
    engine.start(stack, lambda _: None)
    assert engine.network.toxics("gateway-orders") == {}


def test_what_is_done_to_the_network_is_among_the_calls_and_can_fail(engine: MemoryEngine) -> None:
    engine.fail_next("add_toxic", EngineError("edge is gone.", component="edge"))
    with pytest.raises(EngineError, match="edge is gone"):
        engine.network.add_toxic("gateway-orders", "x", SLOW)
    engine.network.remove_toxic("gateway-orders", "x")
    assert [name for name, _ in engine.calls] == ["start", "add_toxic", "remove_toxic"]
