"""Faults of the database on a real PostgreSQL: there, gone by the learner's hand, restored."""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
import waiting

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.interface import Engine, Stack
from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.database import Database
from obstack_lab.orchestrator.actions.index import CreateIndex, DropIndex
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.scenario.model import Scalar
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.integration

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
SESSIONS = "select count(*) from pg_stat_activity where application_name = %(name)s"
END = "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %(name)s"
SCHEMA = (
    "select coalesce(string_agg(indexdef, E'\\n' order by indexdef), '')"
    " || (select string_agg(attrelid::regclass || '.' || attname, ',' order by 1, attname)"
    "     from pg_attribute where attrelid in ('customers'::regclass, 'stock'::regclass)"
    "     and attnum > 0)"
    " || has_table_privilege('shop', 'stock', 'select')"
    " || (select sum(quantity) from order_items)"
    " || (select rolpassword from pg_authid where rolname = 'shop')"
    " || current_setting('synchronous_commit')"
    " from pg_indexes where schemaname = 'public'"
)
LASTING: tuple[tuple[str, Mapping[str, Scalar]], ...] = (
    ("schema", {"does": "drop-index", "index": "order_items_pkey"}),
    ("schema", {"does": "drop-index", "index": "orders_placed_at"}),
    ("schema", {"does": "revoke", "privilege": "SELECT", "table": "stock", "role": "shop"}),
    ("schema", {"does": "rename-column", "table": "customers", "column": "tier", "to": "level"}),
    ("schema", {"does": "bad-row"}),
    ("postgres", {"synchronous_commit": "on"}),
    ("credential", {"services": "orders,inventory"}),
    ("queue", {"does": "poison", "kind": "order-confirmation"}),
    ("queue", {"does": "backlog", "kind": "report", "count": 5, "day": "2026-01-01"}),
)
HELD: tuple[Mapping[str, Scalar], ...] = (
    {"does": "table-lock", "table": "orders", "role": "lab"},
    {"does": "row-locks", "table": "customers", "rows": 10},
    {"does": "leak", "count": 3, "every": 0.05},
    {"does": "batch", "every": 0.5},
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    home = LabHome(tmp_path_factory.mktemp("faults"))
    engine = EmbeddedEngine(home, new_lab_id())
    try:
        engine.start(STACK, lambda _: None)
        yield engine
    finally:
        engine.stop()
        wipe(home)


@pytest.fixture
def ask(engine: Engine) -> Iterator[Callable[..., object]]:
    patience = "-c statement_timeout=20s"
    with psycopg.connect(
        engine.dsn("lab"), autocommit=True, connect_timeout=5, options=patience
    ) as connection:

        def one(query: str, **params: object) -> object:
            cursor = connection.execute(query.encode(), params or None)
            row = cursor.fetchone() if cursor.description else None
            return row[0] if row else None

        yield one


comes = functools.partial(waiting.comes, seconds=20.0)


def inject(
    engine: Engine, driver: str, params: Mapping[str, Scalar]
) -> tuple[FaultDriver, Injection]:
    lever = DRIVERS[driver]
    assert lever.problems(params) == ()
    wanted = Injection("quiet-otter", driver, params, secrets.token_hex(8))
    made, _ = lever.inject(engine, wanted, time.time())
    return lever, made


@pytest.mark.parametrize(("driver", "params"), LASTING, ids=str)
def test_what_was_changed_is_exactly_as_before(
    engine: Engine, ask: Callable[..., object], driver: str, params: Mapping[str, Scalar]
) -> None:
    before = ask(SCHEMA)
    lever, injection = inject(engine, driver, params)
    assert lever.residual(engine, injection)
    if driver in {"schema", "credential"}:
        assert ask(SCHEMA) != before
    lever.clear(engine, injection)
    lever.clear(engine, injection)
    assert not lever.residual(engine, injection)
    assert comes(lambda: ask(SCHEMA) == before)
    assert ask("select count(*) from jobs where payload @> '{\"order_id\": 0}'") == 0


@pytest.mark.parametrize("params", HELD, ids=str)
def test_sessions_are_held_until_cleared(
    engine: Engine, ask: Callable[..., object], params: Mapping[str, Scalar]
) -> None:
    name = f"{params['does']}-tool"
    lever, injection = inject(engine, "session", {**params, "application": name})
    assert comes(lambda: ask(SESSIONS, name=name))
    assert lever.residual(engine, injection)
    lever.clear(engine, injection)
    lever.clear(engine, injection)
    assert not lever.residual(engine, injection)
    assert comes(lambda: ask(SESSIONS, name=name) == 0)


@pytest.mark.parametrize("params", HELD, ids=str)
def test_a_session_that_the_learner_has_ended_is_gone(
    engine: Engine, ask: Callable[..., object], params: Mapping[str, Scalar]
) -> None:
    name = f"{params['does']}-gone"
    lever, injection = inject(engine, "session", {**params, "application": name})
    assert comes(lambda: ask(SESSIONS, name=name))
    ask(END, name=name)

    def gone() -> bool:
        ask(END, name=name)
        return not lever.residual(engine, injection)

    assert comes(gone)
    lever.clear(engine, injection)


def test_a_held_table_makes_others_wait(engine: Engine, ask: Callable[..., object]) -> None:
    params = {"does": "table-lock", "table": "stock", "application": "migration", "role": "lab"}
    lever, injection = inject(engine, "session", params)
    ask("set lock_timeout = '100ms'")
    try:
        with pytest.raises(psycopg.errors.LockNotAvailable):
            ask("select count(*) from stock")
    finally:
        lever.clear(engine, injection)
    assert comes(lambda: ask("select count(*) > 0 from stock"))


def test_every_session_that_is_to_be_had_is_taken_and_given_back(
    engine: Engine, ask: Callable[..., object]
) -> None:
    params = {"does": "exhaust", "application": "nightly-report", "cuts": "orders,inventory"}
    lever, injection = inject(engine, "session", params)
    try:

        def refused() -> bool:
            try:
                psycopg.connect(engine.dsn("shop"), connect_timeout=5).close()
            except psycopg.OperationalError:
                return True
            return False

        assert comes(refused)
        assert lever.residual(engine, injection)
    finally:
        lever.clear(engine, injection)
    assert comes(lambda: ask(SESSIONS, name="nightly-report") == 0)


def test_an_index_that_the_learner_has_made_ends_the_fault(
    engine: Engine, ask: Callable[..., object]
) -> None:
    before = ask(SCHEMA)
    params = {"does": "drop-index", "index": "orders_customer_id"}
    lever, injection = inject(engine, "schema", params)
    ask("create index another_name on orders (customer_id)")
    assert not lever.residual(engine, injection)
    ask("drop index another_name")
    lever.clear(engine, injection)
    assert ask(SCHEMA) == before


def test_the_operator_s_action_brings_a_key_back_with_its_index(
    engine: Engine, ask: Callable[..., object]
) -> None:
    place: Any = SimpleNamespace(database=Database(engine))
    key = "select pg_get_constraintdef(oid) from pg_constraint where conname = 'order_items_pkey'"
    before = ask(SCHEMA)
    params = {"does": "drop-index", "index": "order_items_pkey"}
    lever, injection = inject(engine, "schema", params)
    assert ask(key) is None
    done = CreateIndex().do(place, "postgres", {"index": "order_items_pkey"})
    assert (done.before, done.after) == ("missing", "there")
    assert ask(key) == "PRIMARY KEY (order_id, line)"
    assert not lever.residual(engine, injection)
    lever.clear(engine, injection)
    assert ask(SCHEMA) == before
    assert not CreateIndex().do(place, "postgres", {"index": "order_items_pkey"}).visible


def test_an_index_on_columns_of_ones_own_ends_the_fault_too(
    engine: Engine, ask: Callable[..., object]
) -> None:
    place: Any = SimpleNamespace(database=Database(engine))
    before = ask(SCHEMA)
    params = {"does": "drop-index", "index": "order_items_pkey"}
    lever, injection = inject(engine, "schema", params)
    wanted = {"table": "order_items", "columns": "order_id, line desc"}
    CreateIndex().do(place, "postgres", wanted)
    assert not lever.residual(engine, injection)
    DropIndex().do(place, "postgres", {"index": "order_items_order_id_line_desc_idx"})
    assert lever.residual(engine, injection)
    CreateIndex().do(place, "postgres", {"index": "order_items_pkey"})
    with pytest.raises(ActionError, match="no index without a key"):
        DropIndex().do(place, "postgres", {"index": "order_items_pkey"})
    lever.clear(engine, injection)
    assert ask(SCHEMA) == before


def test_a_grant_that_the_learner_has_given_back_ends_the_fault(
    engine: Engine, ask: Callable[..., object]
) -> None:
    params = {"does": "revoke", "privilege": "SELECT", "table": "stock", "role": "shop"}
    lever, injection = inject(engine, "schema", params)
    ask("grant select on stock to shop")
    assert not lever.residual(engine, injection)
    lever.clear(engine, injection)
    assert not lever.residual(engine, injection)


def test_a_rolling_restart_ends_a_rotated_password(
    engine: Engine, ask: Callable[..., object]
) -> None:
    before = ask(SCHEMA)
    lever, injection = inject(engine, "credential", {"services": "orders,inventory"})
    assert lever.residual(engine, injection)
    for service in ("orders", "inventory"):
        engine.restart(service)
    assert not lever.residual(engine, injection)
    lever.clear(engine, injection)
    assert ask(SCHEMA) == before
    assert "DATABASE_URL" in engine.environment("orders")
