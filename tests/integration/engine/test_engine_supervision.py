"""Real processes under supervision: kill any of them, and the tree behaves as its strategy says."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
import waiting

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.interface import Component, Node, Policy, Probe, Stack
from obstack_lab.load.ledger import LedgerEntry
from obstack_lab.load.reader import LedgerTail
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.integration
STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
ORDER = {"customer_id": 1, "items": [{"product_id": 1, "quantity": 1}]}
SOON = Policy(restart="on_failure", backoff=0.1)
ENOUGH = 8
"""Orders that are accepted after a kill before the next one."""
MAY_LOSE = 2.0
"""Seconds: a commit does not wait for the disk, so a killed PostgreSQL may lose the last ones."""
SERVING = ("postgres", "telemetry", "prometheus", "edge", "services", *STACK.services)
BUYERS = {
    "load": {
        "seed": 7,
        "users": 200,
        "journeys": [{"id": "buy", "weight": 1, "steps": ["place-order", "read-order"]}],
        "phases": [{"pattern": "steady", "rate": 12}],
    },
    "objective": {"success_ratio": 0.99, "latency": "250ms", "patience": "5s"},
}


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    home = LabHome(tmp_path_factory.mktemp("supervision"))
    engine = EmbeddedEngine(home, new_lab_id())
    try:
        yield engine
    finally:
        engine.stop()
        wipe(home)


@pytest.fixture
def engine(lab: EmbeddedEngine) -> EmbeddedEngine:
    lab.start(STACK, lambda _: None)
    return lab


def the(engine: EmbeddedEngine, name: str) -> Component:
    (found,) = [each for each in flat(engine.components()) if each.name == name]
    return found


def flat(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from flat(component.children)


def node(engine: EmbeddedEngine, name: str) -> Node:
    def below(parent: Node) -> Iterator[Node]:
        yield parent
        for child in parent.children:
            yield from below(child)

    (found,) = [each for each in below(engine.tree()) if each.name == name]
    return found


def pids(engine: EmbeddedEngine, *names: str) -> dict[str, int | None]:
    return {name: the(engine, name).pid for name in names}


comes = functools.partial(waiting.comes, seconds=90.0)


def anew(engine: EmbeddedEngine, before: dict[str, int | None]) -> Callable[[], bool]:
    """Whether each of these is healthy in another process than before."""

    def there() -> bool:
        now = [the(engine, name) for name in before]
        return all(
            each.state == "healthy" and each.pid not in {None, before[each.name]} for each in now
        )

    return there


def answers(engine: EmbeddedEngine, method: str, path: str, body: object = None) -> int:
    try:
        url = f"{engine.address('gateway')}{path}"
        return httpx.request(method, url, json=body, timeout=5).status_code
    except httpx.HTTPError:
        return 0


def place_order(engine: EmbeddedEngine) -> int:
    """Place an order, once the whole way to the database is there; return its number."""
    placed: list[int] = []

    def placing() -> bool:
        try:
            answer = httpx.post(f"{engine.address('gateway')}/orders", json=ORDER, timeout=5)
        except httpx.HTTPError:
            return False
        if answer.status_code == 201:
            placed.append(int(answer.json()["order_id"]))
        return bool(placed)

    assert comes(placing)
    return placed[0]


def write_down(engine: EmbeddedEngine) -> None:
    """Have the database write to disk what it may lose otherwise: the last half second."""
    with psycopg.connect(engine.dsn("lab"), autocommit=True) as connection:
        connection.execute("CHECKPOINT")


def half_orders(engine: EmbeddedEngine) -> int:
    """Count orders of which only a part is there."""
    with psycopg.connect(engine.dsn("shop")) as connection:
        row = connection.execute(
            "SELECT count(*) FROM orders WHERE NOT EXISTS"
            " (SELECT FROM order_items WHERE order_items.order_id = orders.order_id)"
        ).fetchone()
    return int(row[0]) if row else -1


class Buyers:
    """What became of users' orders, read from the ledger as it grows."""

    def __init__(self, ledger: Path) -> None:
        self._tail = LedgerTail(ledger)
        self.sent: list[LedgerEntry] = []

    def accepted(self, since: float = 0) -> list[LedgerEntry]:
        """Return the orders that they meant to place since then and were told are accepted."""
        new = self._tail.read()
        self.sent += [each for each in new if each.sent and each.step == "place-order"]
        return [each for each in self.sent if each.status == 201 and each.intended > since]


def lines_came(ledger: Path, seconds: float = 6.0) -> bool:
    """Whether something was written within a while that is longer than users' patience."""
    before = ledger.stat().st_size
    time.sleep(seconds)
    return ledger.stat().st_size > before


def number(engine: EmbeddedEngine, query: str) -> int:
    with psycopg.connect(engine.dsn("lab"), autocommit=True, connect_timeout=5) as connection:
        row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else -1


def test_each_one_is_killed_under_load_and_no_accepted_order_is_lost(
    engine: EmbeddedEngine, tmp_path: Path
) -> None:
    """Users go on ordering; what they were told is accepted is in PostgreSQL, and no half of it."""
    first = number(engine, "SELECT coalesce(max(order_id), 0) FROM orders")
    ledger = tmp_path / "ledger.jsonl"
    load = engine.load_pipe()
    load.send({"op": "ledger", "path": str(ledger)})
    load.send({"op": "start", "target": engine.address("gateway"), **BUYERS})
    for name in SERVING:
        engine.supervise(name, SOON)
    buyers = Buyers(ledger)
    killed: dict[str, float] = {}
    for name in SERVING:
        assert comes(lambda: len(buyers.accepted(max(killed.values(), default=0))) > ENOUGH), killed
        before = pids(engine, name)
        killed[name] = time.time()
        engine.signal(name, "KILL")
        assert comes(anew(engine, before)), name
    assert comes(lambda: len(buyers.accepted(max(killed.values()))) > ENOUGH), "users order again"
    load.send({"op": "stop"})
    assert comes(lambda: not lines_came(ledger)), "nothing is in flight any more"
    new = f"FROM orders WHERE order_id > {first}"
    there, sure = number(engine, f"SELECT count(*) {new}"), buyers.accepted()
    crash = killed["postgres"]
    unwritten = [each for each in sure if crash - MAY_LOSE < each.intended + each.latency < crash]
    assert len(sure) - len(unwritten) <= there <= len(buyers.sent)
    assert not number(
        engine,
        f"SELECT count(*) {new} AND total_cents IS DISTINCT FROM (SELECT sum(quantity * "
        "unit_price_cents) FROM order_items AS item WHERE item.order_id = orders.order_id)",
    ), "every order has all its items"


@pytest.mark.parametrize(
    "name",
    [
        *("postgres", "telemetry", "prometheus", "edge", "services", "load"),
        *("inventory", "orders", "gateway"),
    ],
)
def test_one_that_is_killed_comes_back_alone_and_no_data_is_lost(
    engine: EmbeddedEngine, name: str
) -> None:
    order = place_order(engine)
    write_down(engine)
    engine.supervise(name, SOON)
    others = {"postgres", "prometheus", "edge", *STACK.services} - {name}
    if name == "services":
        others -= set(STACK.services)
    kept, before = pids(engine, *others), pids(engine, name)
    restarts = the(engine, name).restarts
    engine.signal(name, "KILL")
    assert comes(anew(engine, before))
    assert the(engine, name).restarts > restarts
    assert pids(engine, *others) == kept, "the others went on"
    assert comes(lambda: answers(engine, "GET", f"/orders/{order}") == 200), "the order is there"
    assert place_order(engine) > order
    assert half_orders(engine) == 0


def test_an_unsupervised_one_stays_down(engine: EmbeddedEngine) -> None:
    engine.supervise("gateway", SOON)
    engine.signal("inventory", "KILL")
    assert comes(lambda: the(engine, "inventory").state == "failed")
    before = pids(engine, "gateway")
    engine.signal("gateway", "KILL")
    assert comes(anew(engine, before))
    assert the(engine, "inventory").state == "failed", "nothing heals itself"
    assert node(engine, "inventory").policy.restart == "never"


def test_the_strategy_says_who_is_started_anew(engine: EmbeddedEngine) -> None:
    engine.supervise("orders", Policy("on_failure", "rest_for_one", backoff=0.1))
    before, stays = pids(engine, "orders", "gateway"), pids(engine, "inventory")
    engine.signal("orders", "KILL")
    assert comes(anew(engine, before))
    assert pids(engine, "inventory") == stays
    engine.supervise("orders", Policy("on_failure", "one_for_all", backoff=0.1))
    before = pids(engine, "inventory", "orders", "gateway")
    engine.signal("orders", "KILL")
    assert comes(anew(engine, before))
    assert place_order(engine)


def test_a_crash_loop_is_given_up_until_somebody_restarts_it(engine: EmbeddedEngine) -> None:
    engine.supervise("inventory", Policy("on_failure", backoff=0.1, most=2, window=600))
    for _ in range(2):
        before = pids(engine, "inventory")
        engine.signal("inventory", "KILL")
        assert comes(anew(engine, before))
    engine.signal("inventory", "KILL")
    assert comes(lambda: node(engine, "inventory").given_up)
    assert the(engine, "inventory").state == "failed"
    engine.restart("inventory")
    assert comes(lambda: not node(engine, "inventory").given_up)


def test_one_that_does_not_answer_its_liveness_probe_is_restarted(engine: EmbeddedEngine) -> None:
    probe = Probe("/healthz", every=0.2, timeout=0.5, failures=3)
    engine.supervise("inventory", Policy("on_failure", backoff=0, liveness=probe))
    before = pids(engine, "inventory")
    engine.signal("inventory", "STOP")
    assert comes(anew(engine, before))


def test_one_that_is_not_ready_gets_no_requests(engine: EmbeddedEngine) -> None:
    """One of two instances is stopped: what reaches it would wait; then nothing reaches it."""
    engine.scale("orders", 2)
    probe = Probe("/readyz", every=0.2, timeout=0.5, failures=2)
    engine.supervise("orders", Policy(readiness=probe))
    engine.signal("orders-2", "STOP")
    well = [0]

    def twenty_in_a_row() -> bool:
        well[0] = well[0] + 1 if answers(engine, "GET", "/products/1") == 200 else 0
        return well[0] >= 20

    assert comes(twenty_in_a_row)
    assert the(engine, "orders-2").state != "healthy"
    engine.signal("orders-2", "CONT")
    assert comes(lambda: the(engine, "orders-2").state == "healthy")


def test_a_scenario_s_stack_brings_its_supervision_and_the_next_one_takes_it_back(
    engine: EmbeddedEngine,
) -> None:
    engine.start(Stack(STACK.services, supervision={"inventory": SOON}), lambda _: None)
    assert node(engine, "inventory").policy == SOON
    engine.start(STACK, lambda _: None)
    assert node(engine, "inventory").policy.restart == "never"
