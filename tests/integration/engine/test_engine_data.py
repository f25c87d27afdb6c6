"""The shop's data can be put back, kept and replaced, and the services go on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.interface import Stack
from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.integration
STACK = Stack(services={"orders": "1.4.2", "inventory": "3.1.0"})
COUNT = "SELECT count(*) FROM orders"
SERVED_SECONDS = 30


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    home = LabHome(tmp_path_factory.mktemp("data") / "lab")
    engine = EmbeddedEngine(home, new_lab_id())
    try:
        engine.start(STACK, lambda _: None)
        engine.data.reset()
        yield engine
    finally:
        engine.stop()
        wipe(home)


def ask(engine: EmbeddedEngine, statement: str) -> int:
    with psycopg.connect(engine.dsn("shop"), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        row = cursor.fetchone() if cursor.description else None
    return int(row[0]) if row else 0


def is_served(engine: EmbeddedEngine) -> bool:
    deadline = time.monotonic() + SERVED_SECONDS
    while time.monotonic() < deadline:
        answer = httpx.get(f"{engine.address('orders')}/catalogue", timeout=10)
        if answer.status_code == 200:
            return True
        time.sleep(0.1)
    return False


def test_a_reset_gives_back_the_standard_data_set(engine: EmbeddedEngine) -> None:
    before = ask(engine, COUNT)
    assert before >= 200_000
    ask(engine, "DELETE FROM order_items WHERE order_id % 2 = 0")
    ask(engine, "DELETE FROM orders WHERE order_id % 2 = 0")
    ask(engine, "DROP TABLE stock")
    engine.data.reset()
    assert ask(engine, COUNT) == before
    assert ask(engine, "SELECT count(*) FROM stock") > 0
    assert is_served(engine)


def test_a_snapshot_is_kept_and_put_back(engine: EmbeddedEngine) -> None:
    ask(engine, "UPDATE products SET price_cents = 77 WHERE product_id = 1")
    engine.data.snapshot("cheap")
    engine.data.reset()
    price = "SELECT price_cents FROM products WHERE product_id = 1"
    assert ask(engine, price) != 77
    engine.data.restore("cheap")
    assert ask(engine, price) == 77
    assert engine.data.snapshots() == ("cheap",)
    engine.data.forget("cheap")
    engine.data.forget("cheap")
    assert engine.data.snapshots() == ()
    engine.data.reset()


def test_an_unknown_snapshot_is_refused(engine: EmbeddedEngine) -> None:
    with pytest.raises(UnknownName, match="snapshot 'dear'"):
        engine.data.restore("dear")
    with pytest.raises(ActionError, match="small letters"):
        engine.data.snapshot("Dear; drop")


def test_a_data_set_is_loaded_from_files(engine: EmbeddedEngine, tmp_path: Path) -> None:
    (tmp_path / "1_tables.sql").write_text("CREATE TABLE orders (order_id bigint PRIMARY KEY);")
    (tmp_path / "2_rows.sql").write_text("INSERT INTO orders SELECT generate_series(1, 12);")
    engine.data.load(tmp_path)
    assert ask(engine, COUNT) == 12
    engine.data.reset()
    assert ask(engine, COUNT) >= 200_000


def test_a_data_set_with_a_mistake_changes_nothing(engine: EmbeddedEngine, tmp_path: Path) -> None:
    before = ask(engine, COUNT)
    (tmp_path / "1.sql").write_text("CREATE TABLE half (x int);")
    (tmp_path / "2.sql").write_text("INSERT INTO hlaf VALUES (1);")
    with pytest.raises(ActionError, match=r'2\.sql: relation "hlaf" does not exist'):
        engine.data.load(tmp_path)
    assert ask(engine, COUNT) == before
    assert engine.data.snapshots() == ()


def test_what_is_no_data_set_is_refused(engine: EmbeddedEngine, tmp_path: Path) -> None:
    with pytest.raises(ActionError, match=r"no \.sql file"):
        engine.data.load(tmp_path)


def test_data_that_was_lost_half_way_is_there_again_after_a_start(engine: EmbeddedEngine) -> None:
    url = engine.dsn("lab").replace("/shop?", "/postgres?")
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("DROP DATABASE shop WITH (FORCE)")
    engine.stop()
    engine.start(STACK, lambda _: None)
    assert ask(engine, COUNT) >= 200_000
    assert is_served(engine)


def test_no_request_after_a_reset_meets_a_lost_session(engine: EmbeddedEngine) -> None:
    engine.data.reset()
    statuses = [
        httpx.get(f"{engine.address('orders')}/products/{number}", timeout=10).status_code
        for number in range(1, 13)
    ]
    assert statuses == [200] * 12
