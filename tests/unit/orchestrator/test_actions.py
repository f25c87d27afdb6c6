"""Each action: it works, it refuses what it cannot take, and the journal has before and after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from orchestrator_stage import FakeClock, FakeSettings, Lab

from obstack_lab.engine.interface import Stack
from obstack_lab.errors import ActionError, EngineError
from obstack_lab.orchestrator.actions import registry
from obstack_lab.orchestrator.actions.body import body_schema
from obstack_lab.orchestrator.actions.interface import Effect, Place
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.orchestrator.actions.web import Web
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.delivery import Delivery
from obstack_lab.review.journal import ActionEntry, ChangeEntry
from obstack_lab.scenario.model import Scalar
from obstack_lab.testing import MemoryEngine
from sut.release import find_release

Edit = Callable[[Callable[[dict[str, Any]], None]], None]
SERVICES = {
    "gateway": "2.3.1",
    "orders": "1.4.2",
    "inventory": "3.1.0",
    "payments": "1.0.0",
    "worker": "1.0.0",
}


class FakeDatabase:
    """Answers by the statement's name; keeps what it was asked."""

    def __init__(self, answers: Mapping[str, list[dict[str, Any]]]) -> None:
        self.answers = {name: list(rows) for name, rows in answers.items()}
        self.asked: list[tuple[str, Any, Any]] = []
        self.failing = ""

    def run(
        self,
        statement: str,
        params: Mapping[str, object] | None = None,
        *,
        names: Mapping[str, str] | None = None,
        literals: Mapping[str, str] | None = None,
    ) -> list[dict[str, Any]]:
        self.asked.append((statement, params, names))
        rows = self.answers.get(statement, [])
        return rows.pop(0) if rows and isinstance(rows[0], list) else rows

    def run_schema(self, text: str) -> None:
        self.asked.append(("schema", text, None))
        if self.failing:
            raise EngineError(self.failing, component="postgres")


@pytest.fixture
def engine() -> MemoryEngine:
    releases = {name: (release,) for name, release in SERVICES.items()}
    releases["orders"] = ("1.4.1", "1.4.2")
    settings = {
        name: find_release(name, release).SETTINGS().model_dump()
        for name, release in SERVICES.items()
        if name != "payments"
    }
    engine = MemoryEngine(clock=FakeClock(), releases=releases, settings=settings)
    engine.start(Stack(SERVICES, instances={"orders": 3}), lambda _: None)
    return engine


@pytest.fixture
def place(engine: MemoryEngine, tmp_path: Path) -> Callable[..., Place]:
    def make(
        web: Web | None = None, services: tuple[str, ...] = tuple(SERVICES), **answers: Any
    ) -> Place:
        database: Any = FakeDatabase(answers)
        delivery = Delivery(tmp_path / "releases", engine, lambda *_: "")
        return Place(engine, FakeSettings(), services, {}, database, delivery, web or Web())

    return make


def act(where: Place, name: str, **params: Any) -> Effect:
    action = ACTIONS[name]
    at, rest = registry.prepare(where, action, params)
    return action.do(where, at, rest)


def refused(where: Place, name: str, **params: Any) -> tuple[str, str]:
    with pytest.raises(ActionError) as caught:
        act(where, name, **params)
    return caught.value.parameter, str(caught.value)


# instances


def test_draining_takes_an_instance_out_and_undraining_puts_it_back(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    done = act(place(), "drain", service="orders", instance="orders-2")
    assert engine.weigh("orders", {}) == {"orders-1": 1, "orders-2": 0, "orders-3": 1}
    assert ("orders-2=1" in done.before, "orders-2=0" in done.after) == (True, True)
    act(place(), "undrain", service="orders", instance="orders-2")
    assert set(engine.weigh("orders", {}).values()) == {1}


def test_one_that_runs_alone_is_an_instance_too(place: Callable[..., Place]) -> None:
    assert act(place(), "drain", service="gateway", instance="gateway-1").after == "gateway-1=0"


def test_an_instance_that_is_none_names_those_there_are(place: Callable[..., Place]) -> None:
    parameter, text = refused(place(), "drain", service="orders", instance="orders-9")
    assert (parameter, "orders-1, orders-2, orders-3" in text) == ("instance", True)
    assert refused(place(), "drain", service="orders")[0] == "instance"


def test_a_canary_gets_its_share(place: Callable[..., Place], engine: MemoryEngine) -> None:
    assert "has no canary" in refused(place(), "shift_canary", service="orders", percent=10)[1]
    where = place()
    engine.deploy("orders", "1.4.1")
    engine.deploy("orders", "1.4.2")
    done = act(where, "deploy", service="orders", release="1.4.1", instance="orders-3")
    assert done.result == "orders-3: 1.4.2 → 1.4.1"
    act(where, "shift_canary", service="orders", percent=20)
    assert engine.weigh("orders", {}) == {"orders-1": 0.4, "orders-2": 0.4, "orders-3": 0.2}
    assert refused(where, "shift_canary", service="orders", percent=101)[0] == "percent"


def test_a_rolling_restart_takes_one_after_the_other(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    act(place(), "drain", service="orders", instance="orders-1")
    engine.calls.clear()
    done = act(place(), "rolling_restart", service="orders")
    restarts = [arguments for method, arguments in engine.calls if method == "restart"]
    assert restarts == [("orders-1",), ("orders-2",), ("orders-3",)]
    assert engine.weigh("orders", {}) == {"orders-1": 0, "orders-2": 1, "orders-3": 1}
    assert done.visible


def test_a_restart_says_which_processes_there_were(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    engine.crash("orders-2")
    done = act(place(), "restart", service="orders")
    assert "orders-2 not running" in done.before
    assert done.after.count("pid ") == 3


def test_a_rolling_restart_that_fails_gives_traffic_back(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    engine.fail_next("restart", EngineError("it does not come up", component="orders-1"))
    with pytest.raises(EngineError):
        act(place(), "rolling_restart", service="orders")
    assert set(engine.weigh("orders", {}).values()) == {1}


# deployment


def test_overrides_are_taken_back_without_telling_passwords(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    assert (
        "nothing was overridden" in act(place(), "restore_configuration", service="orders").result
    )
    was = engine.environment("orders").get("DATABASE_URL", "")
    engine.set_environment(
        "orders", {"DATABASE_URL": "postgresql://shop:secret@10.0.0.1:5432/shop"}
    )
    done = act(place(), "restore_configuration", service="orders")
    assert engine.environment("orders").get("DATABASE_URL", "") == was
    assert "shop:***@10.0.0.1:5432" in done.before
    assert "secret" not in f"{done.before}{done.after}{done.result}"


def test_a_new_credential_is_made_and_told(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    where = place()
    engine.set_environment("orders", {"DATABASE_URL": "postgresql://shop:old@127.0.0.1:5/shop?a=b"})
    first = act(where, "rotate_credential", service="orders")
    assert (first.before, first.after) == ("shop", "orders_a")
    assert act(where, "rotate_credential", service="orders").after == "orders_b"
    assert act(where, "rotate_credential", service="orders").after == "orders_a"
    url = engine.environment("orders")["DATABASE_URL"]
    assert (url.startswith("postgresql://orders_a:"), url.endswith("@127.0.0.1:5/shop?a=b")) == (
        True,
        True,
    )
    assert ":old@" not in url
    assert refused(where, "rotate_credential", service="gateway")[0] == "service"


# routes of the gateway


@pytest.mark.parametrize(
    ("action", "params", "setting"),
    [
        ("shed_route", {"route": "reports"}, {"shed_route": "reports"}),
        ("rate_limit_route", {"route": "quotes", "per_second": 5}, {"rate_limit_quotes": 5.0}),
        ("open_breaker", {}, {"orders_breaker": "open"}),
        ("close_breaker", {}, {"orders_breaker": "closed"}),
        ("pause_jobs", {}, {"batch_jobs": "off"}),
        ("resume_jobs", {}, {"batch_jobs": "on"}),
    ],
)
def test_a_lever_is_a_setting_that_the_service_has(
    place: Callable[..., Place],
    engine: MemoryEngine,
    action: str,
    params: dict[str, Scalar],
    setting: dict[str, Scalar],
) -> None:
    done = act(place(), action, **params)
    assert setting.items() <= engine.config(done.component).items()
    assert [f"{name}={value}" for name, value in setting.items()] == [done.after]


def test_a_route_that_is_none_is_refused(place: Callable[..., Place]) -> None:
    assert refused(place(), "shed_route", route="checkout")[0] == "route"
    assert refused(place(), "rate_limit_route", route="quotes")[0] == "per_second"
    assert refused(place(), "rate_limit_route", route="quotes", per_second=-1)[0] == "per_second"


# the database


def test_killing_a_query_says_which(place: Callable[..., Place]) -> None:
    session = {"pid": 7, "application": "x", "state": "active", "query": "SELECT 1", "done": True}
    done = act(place(cancel_query=[session]), "kill_query", pid=7)
    assert (done.component, done.before) == ("postgres", "7 active: SELECT 1")
    assert refused(place(), "kill_query", pid=8) == (
        "pid",
        "No session has the pid 8 now. Look in pg_stat_activity.",
    )
    idle = {**session, "state": "idle in transaction", "done": False}
    assert "terminate_sessions" in refused(place(cancel_query=[idle]), "kill_query", pid=7)[1]
    assert refused(place(), "kill_query", pid=0)[0] == "pid"
    assert refused(place(), "kill_query")[0] == "pid"


def test_sessions_are_terminated_by_all_that_is_said(place: Callable[..., Place]) -> None:
    where = place(
        terminate_sessions=[
            {"pid": 7, "application": "nightly", "state": "idle in transaction", "done": True}
        ]
    )
    done = act(where, "terminate_sessions", application_name="nightly", older_than=5)
    assert done.after == "1 of 1 ended"
    database: Any = where.database
    assert database.asked[0][1] == {
        "application": "nightly",
        "state": None,
        "session": None,
        "older_than": 5.0,
    }
    assert not act(place(), "terminate_sessions", state="idle").visible
    assert refused(place(), "terminate_sessions")[0] == "application_name"
    assert refused(place(), "terminate_sessions", state="sleepy")[0] == "state"
    assert refused(place(), "terminate_sessions", older_than=-1)[0] == "older_than"


def test_an_index_is_made_where_it_is_missing_and_made_anew_where_it_is_invalid(
    place: Callable[..., Place],
) -> None:
    there = {"valid": True, "holds_key": False}
    where = place(index_state=[[], [{**there, "valid": False}], [there]])
    assert act(where, "create_index", index="orders_placed_at").before == "missing"
    database: Any = where.database
    text = "CREATE INDEX CONCURRENTLY orders_placed_at ON orders (placed_at)"
    assert database.asked[-1] == ("schema", text, None)
    assert act(where, "create_index", index="orders_placed_at").before == "invalid"
    assert ("drop_index", None, {"index": "orders_placed_at"}) in database.asked
    assert not act(where, "create_index", index="orders_placed_at").visible
    parameter, words = refused(where, "create_index", index="pg_class_oid_index")
    assert (parameter, "orders_placed_at" in words) == ("index", True)


def test_a_key_comes_back_with_its_index(place: Callable[..., Place]) -> None:
    where = place(index_state=[[], [{"valid": True, "holds_key": False}]])
    database: Any = where.database
    assert act(where, "create_index", index="order_items_pkey").before == "missing"
    text = "CREATE UNIQUE INDEX CONCURRENTLY order_items_pkey ON order_items (order_id, line)"
    key = ("add_key", None, {"table": "order_items", "index": "order_items_pkey"})
    assert database.asked[-2:] == [("schema", text, None), key]
    assert act(where, "create_index", index="order_items_pkey").before == "without its key"
    assert database.asked[-1] == key


def test_an_index_of_ones_own_is_made_on_columns(place: Callable[..., Place]) -> None:
    where = place(columns=[{"name": "status"}, {"name": "placed_at"}])
    database: Any = where.database
    act(where, "create_index", table="orders", columns="status, placed_at DESC")
    assert database.asked[-1][1] == (
        "CREATE INDEX CONCURRENTLY orders_status_placed_at_desc_idx ON orders "
        "(status, placed_at desc)"
    )
    for params, field in (
        ({}, "index"),
        ({"table": "orders"}, "columns"),
        ({"columns": "status"}, "table"),
        ({"table": "orders", "columns": "status; drop table orders"}, "columns"),
        ({"table": "orders", "columns": "status, status"}, "columns"),
        ({"table": "orders", "columns": "status down"}, "columns"),
        ({"table": "pg_class", "columns": "oid"}, "table"),
        ({"index": "orders_placed_at", "table": "orders"}, "table"),
        ({"index": "orders_placed_at", "columns": "status"}, "columns"),
    ):
        assert refused(where, "create_index", **params)[0] == field, params


def test_an_index_of_a_key_is_not_dropped(place: Callable[..., Place]) -> None:
    where = place(free_indexes=[{"name": "orders_placed_at"}])
    assert act(where, "drop_index", index="orders_placed_at").after == "missing"
    parameter, words = refused(where, "drop_index", index="orders_pkey")
    assert (parameter, "There are: orders_placed_at." in words) == ("index", True)


def test_an_index_that_could_not_be_made_leaves_no_rest(place: Callable[..., Place]) -> None:
    where = place()
    database: Any = where.database
    database.failing = "no space left"
    with pytest.raises(EngineError, match="no space left"):
        act(where, "create_index", index="orders_placed_at")
    assert database.asked[-1][0] == "drop_index"


def test_a_table_is_analysed(place: Callable[..., Place]) -> None:
    old, new = ({"analyzed": at, "live": 5, "dead": 0} for at in ("never", "12:00:00"))
    done = act(place(statistics=[[old], [new]]), "analyze_table", table="orders")
    assert (done.before, done.after) == (
        "analysed never, 5 rows, 0 dead",
        "analysed 12:00:00, 5 rows, 0 dead",
    )
    assert refused(place(), "analyze_table", table="pg_class")[0] == "table"


# queue, cache, neighbours


def test_dead_letters_go_back_or_away(place: Callable[..., Place]) -> None:
    for name in ("replay_dead_letters", "drop_dead_letters"):
        where = place(
            **{name: [{"moved": 3}], "count_dead_letters": [[{"letters": 3}], [{"letters": 0}]]}
        )
        done = act(where, name, kind="report")
        assert (done.component, done.before, done.after) == (
            "worker",
            "3 dead letters",
            "0 dead letters",
        )
        assert refused(where, name, kind="letter")[0] == "kind"


def test_what_needs_a_worker_says_so_where_there_is_none(place: Callable[..., Place]) -> None:
    where = place(services=("gateway", "orders"))
    parameter, words = refused(where, "pause_jobs")
    assert (parameter, words) == (
        "service",
        "pause_jobs: it needs worker, which does not run here.",
    )


def test_a_cache_is_purged_in_every_instance(place: Callable[..., Place]) -> None:
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(f"{request.method} {request.url}")
        return httpx.Response(200, json={"purged": {"products": 4, "stock": 1}})

    done = act(place(Web(httpx.MockTransport(answer))), "purge_cache", service="orders")
    assert (done.before, len(set(asked))) == ("15 entries", 3)
    assert refused(place(), "purge_cache", service="gateway")[0] == "service"


def test_a_cache_that_is_none_is_an_error_of_the_service(place: Callable[..., Place]) -> None:
    web = Web(httpx.MockTransport(lambda _: httpx.Response(404)))
    with pytest.raises(EngineError, match="404"):
        act(place(web), "purge_cache", service="orders")


def test_a_certificate_is_issued_anew(
    place: Callable[..., Place], engine: MemoryEngine, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match="no certificate"):
        act(place(), "rotate_certificate")
    engine.set_environment("payments", {"PAYMENTS_TLS_FOLDER": str(tmp_path / "tls")})
    first = act(place(), "rotate_certificate")
    assert (first.before, first.after.startswith("good until 2")) == ("none", True)
    held = (tmp_path / "tls" / "server.pem").read_bytes()
    assert act(place(), "rotate_certificate").before == first.after
    assert (tmp_path / "tls" / "server.pem").read_bytes() != held
    engine.set_environment("payments", {"PAYMENTS_TLS_FOLDER": str(tmp_path / "tls/server.pem")})
    with pytest.raises(EngineError, match="No certificate was issued"):
        act(place(), "rotate_certificate")


def test_a_job_beside_the_services_is_ended(
    place: Callable[..., Place], engine: MemoryEngine
) -> None:
    assert "now there is none" in refused(place(), "end_job", job="indexer")[1]
    engine.run_job("indexer", "sut.seed")
    done = act(place(), "end_job", job="indexer")
    assert done.after == "ended"
    assert not [c for c in engine.components() if c.kind == "job"]


# the declaration and what is made of it


def test_every_action_has_a_route_that_describes_its_parameters(web: httpx.Client) -> None:
    paths = web.get("/openapi.json").json()["paths"]
    for name, action in ACTIONS.items():
        operation = paths[f"/v1/runs/{{run}}/actions/{name}"]["post"]
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        assert schema["properties"] == body_schema(action)["properties"]
        assert {parameter.name for parameter in action.declared()} < set(schema["properties"])
        assert operation["description"] == action.description


@pytest.fixture
def everything(change_scenario: Edit) -> None:
    change_scenario(lambda data: data.update(toolkit=list(ACTIONS)))


@pytest.fixture
def all_services(change_scenario: Edit) -> None:
    change_scenario(lambda data: data.update(services=list(SERVICES), releases=SERVICES))


WRONG: Mapping[str, Scalar] = {
    "choice": "no-such",
    "integer": 0.5,
    "number": "many",
    "boolean": "perhaps",
    "text": 7,
}


@pytest.mark.usefixtures("everything", "all_services")
def test_every_action_refuses_what_it_cannot_take_with_the_name_of_the_field(
    lab: Lab, web: httpx.Client
) -> None:
    lab.start()
    changes = web.get("/v1/runs/current/changes").json()
    for name, action in ACTIONS.items():
        at = {"service": action.target.among(tuple(SERVICES))[0]}
        wrong: list[tuple[dict[str, Scalar], str]] = [({"service": "nobody"}, "service")]
        wrong += [({**at, "colour": "red"}, "colour")]
        wrong += [({**at, each.name: WRONG[each.kind]}, each.name) for each in action.declared()]
        wrong += [(at, each.name) for each in action.declared()[:1] if not each.optional]
        for body, field in wrong:
            answer = web.post(f"/v1/runs/current/actions/{name}", json=body)
            assert 400 <= answer.status_code < 500, (name, body, answer.text)
            assert answer.json()["data"]["parameter"] == field, (name, body, answer.text)
    assert web.get("/v1/runs/current/changes").json() == changes


@pytest.mark.usefixtures("everything")
def test_the_route_of_an_action_does_it_and_refuses_with_the_name_of_the_field(
    lab: Lab, web: httpx.Client
) -> None:
    lab.start()
    done = web.post(
        "/v1/runs/current/actions/scale", json={"service": "orders", "instances": 2}
    ).json()
    assert (done["ok"], done["before"], done["after"]) == (True, "1", "2")
    for body, field in (
        ({"service": "orders", "instances": 11}, "instances"),
        ({"service": "orders"}, "instances"),
        ({"instances": 2}, "service"),
        ({"service": "orders", "instances": 2, "colour": "red"}, "colour"),
        ({"service": "orders", "instances": [2]}, "instances"),
        (None, "service"),
    ):
        answer = web.post("/v1/runs/current/actions/scale", json=body)
        assert answer.status_code == 422
        assert answer.json()["data"] == {"action": "scale", "parameter": field}
    assert web.post("/v1/runs/current/actions/scale", json=[1]).status_code == 422


@pytest.mark.usefixtures("everything")
def test_the_journal_and_the_change_log_have_before_and_after(client: Client, lab: Lab) -> None:
    lab.start()
    client.act("scale", service="orders", instances=2)
    client.act("drain", service="orders", instance="orders-1")
    entries = client.journal().entries
    actions = [
        (e.action, e.status, e.before, e.after) for e in entries if isinstance(e, ActionEntry)
    ]
    assert actions == [
        ("scale", "started", "", ""),
        ("scale", "done", "1", "2"),
        ("drain", "started", "", ""),
        ("drain", "done", "orders-1=1, orders-2=1", "orders-1=0, orders-2=1"),
    ]
    changes = [
        (e.what, e.component) for e in entries if isinstance(e, ChangeEntry) and e.who == "you"
    ]
    assert changes == [("scale", "orders"), ("weight", "orders")]


@pytest.mark.usefixtures("everything")
def test_forms_are_grouped_by_target_and_what_is_not_there_has_none(
    client: Client, lab: Lab
) -> None:
    lab.start()
    forms = {(form.action, form.service): form for form in client.toolkit()}
    assert ("kill_query", "postgres") in forms
    assert not [action for action, service in forms if service == "worker"]
    assert forms["drain", "orders"].parameters[0].choices == ("orders-1",)
    groups = [form.service for form in client.toolkit()]
    assert groups == sorted(groups, key=groups.index)
    assert list(dict.fromkeys(groups))[:3] == ["gateway", "orders", "inventory"]
