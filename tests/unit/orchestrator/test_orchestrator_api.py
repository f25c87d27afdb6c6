"""The API through its typed client: every verb, and every refusal with its reason."""

from __future__ import annotations

import threading

import httpx
import pytest
from orchestrator_stage import SCENARIO, Lab, Upstream

from obstack_lab.errors import (
    ActionError,
    EngineError,
    LabError,
    UnknownName,
    UsageError,
    WrongPhase,
)
from obstack_lab.orchestrator.boot import Boot
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.metrics import PrometheusAlert
from obstack_lab.orchestrator.question import Backend, allowed
from obstack_lab.orchestrator.views import ComponentView, WriteUp
from obstack_lab.review.journal import ActionEntry, QueryEntry


def test_the_lab_says_how_it_is(client: Client) -> None:
    status = client.status()
    assert status.healthy
    assert status.run is None
    assert not status.starting
    assert {s.state for s in status.started} == {"ready"}
    assert {c.name for c in status.components} >= {"postgres", "prometheus", "orders", "load"}


def test_the_lab_answers_while_it_starts(client: Client, lab: Lab) -> None:
    lab.orchestrator.boot.done = False
    status = client.status()
    assert not status.healthy
    assert {step.component for step in status.starting} > {"orchestrator", "postgres"}
    assert not status.started
    with pytest.raises(WrongPhase, match="still starts"):
        client.create_run(SCENARIO)


def test_why_a_lab_did_not_start_is_told(lab: Lab) -> None:
    told: list[LabError] = []
    heard = threading.Event()
    for error in (EngineError("no port left"), RuntimeError("boom")):
        lab.engine.fail_next("start", error)
        heard.clear()
        Boot(lab.engine).begin(lambda why: (told.append(why), heard.set()))
        assert heard.wait(5)
    assert [str(why) for why in told] == [
        "no port left",
        "The lab did not start: RuntimeError: boom",
    ]


def test_the_library_keeps_its_secrets(client: Client) -> None:
    (one,) = client.scenarios()
    assert (one.id, one.state, one.certified) == (SCENARIO, "new", False)
    assert client.scenario(SCENARIO).briefing.startswith("# Pages are stalling")
    assert "1.5.0" not in one.model_dump_json()


def test_a_learner_plays_a_run(client: Client, lab: Lab) -> None:
    run = client.create_run(SCENARIO, seed=99)
    assert (run.phase, run.seed, run.time_left) == ("baseline", 99, None)
    lab.pass_time(12)
    assert client.start().phase == "incident"
    lab.metrics.success = (0.1,)
    lab.metrics.active = [
        PrometheusAlert("ServiceFailing", "firing", lab.clock.now, {"severity": "page"})
    ]
    lab.pass_time(5)
    (alert,) = client.alerts()
    assert not alert.acknowledged
    assert client.acknowledge(alert.id).acknowledged
    assert client.run().detected_at == lab.clock.now
    assert client.declare("sev2").severity == "sev2"
    client.note("orders waits")
    done = client.act("rollback", service="orders")
    assert (done.before, done.after) == ("1.5.0", "1.4.2")
    lab.metrics.success = (1.0,)
    lab.pass_time(15)
    assert [c.verdict for c in client.criteria()] == ["pass"]
    assert client.finish().outcome == "resolved"
    assert client.finish().outcome == "resolved"
    client.write_up(WriteUp(answers={"trigger": "release"}, text="It was the release."))
    assert client.scenario(SCENARIO).state == "resolved"
    assert [entry.text for entry in client.changes()][:2] == [
        "orders: rollback 1.5.0 → 1.4.2",
        "orders: deploy 1.4.2 → 1.5.0",
    ]
    kinds = {entry.kind for entry in client.journal().entries}
    assert kinds >= {"fault", "sample", "note", "declare", "alert", "action", "writeup"}
    assert [one.id for one in client.runs()] == [run.id]


def test_the_review_is_there_after_the_end(client: Client, lab: Lab) -> None:
    play = lab.start()
    client.act("rollback", service="orders")
    lab.metrics.success = (1.0,)
    lab.pass_time(15)
    client.finish()
    for run in ("current", play.run.id):
        judged = client.review(run)
        assert judged["outcome"] == "resolved"
        assert judged["run"]["id"] == play.run.id


def test_the_journal_goes_on_from_a_number(client: Client, lab: Lab) -> None:
    lab.start()
    first = client.journal()
    client.note("more")
    lab.pass_time(1)
    rest = client.journal(after=first.last)
    assert [entry.kind for entry in rest.entries] == ["note", "sample"]
    assert client.journal(after=rest.last).last == rest.last


def test_no_run_is_a_clear_answer(client: Client) -> None:
    with pytest.raises(UnknownName, match="none was played yet"):
        client.run()
    with pytest.raises(UnknownName, match=r"no scenario 'nope'\. Known: pages-stall"):
        client.create_run("nope")
    with pytest.raises(UnknownName, match="no run 'old'"):
        client.run("old")


def test_what_comes_too_early_is_refused(client: Client, lab: Lab) -> None:
    lab.begin()
    for early in (
        lambda: client.act("rollback", service="orders"),
        lambda: client.declare("sev1"),
        client.next_hint,
        client.review,
    ):
        with pytest.raises(WrongPhase):
            early()
    with pytest.raises(WrongPhase, match="still active"):
        client.create_run(SCENARIO)


def test_what_comes_too_late_is_refused(client: Client, lab: Lab) -> None:
    lab.start()
    client.finish()
    for late in (client.start, lambda: client.act("rollback", service="orders")):
        with pytest.raises(WrongPhase, match="has ended"):
            late()


@pytest.mark.parametrize(
    ("action", "params", "refusal"),
    [
        ("set_config", {"service": "orders", "db_pool_size": 900}, ("db_pool_size", "1 to 64")),
        (
            "set_config",
            {"service": "orders", "db_pool_size": 2.5},
            ("db_pool_size", "whole number"),
        ),
        ("set_config", {"service": "orders", "db_pool_size": True}, ("db_pool_size", "1 to 64")),
        ("set_config", {"service": "orders", "pool": 9}, ("pool", "db_pool_size, db_pool_timeout")),
        ("set_config", {"service": "orders", "log_level": "loud"}, ("log_level", "info, debug")),
        ("set_config", {"service": "orders"}, ("", "which setting")),
        ("set_config", {"db_pool_size": 9}, ("service", "say which service")),
        ("rollback", {"service": "postgres"}, ("service", "gateway, orders, inventory")),
        ("rollback", {"service": "gateway"}, ("service", "no earlier release")),
        ("rollback", {"service": "orders", "to": "1.0"}, ("to", "no 'to'")),
        ("deploy", {"service": "orders", "release": "1.4.2"}, ("action", "rollback, restart")),
        ("explode", {}, ("action", "not in this scenario's toolkit")),
    ],
)
def test_a_bad_action_names_the_parameter_and_what_it_may_be(
    client: Client, lab: Lab, action: str, params: dict[str, str], refusal: tuple[str, str]
) -> None:
    parameter, words = refusal
    lab.start()
    with pytest.raises(ActionError, match=words) as refused:
        client.act(action, **params)
    assert refused.value.parameter == parameter
    last = [e for e in client.journal().entries if isinstance(e, ActionEntry)][-1]
    assert (last.status, last.action) == ("failed", action)


def test_an_action_that_fails_says_so_and_the_run_goes_on(client: Client, lab: Lab) -> None:
    lab.start()
    lab.engine.fail_next("restart", EngineError("orders does not come up", component="orders"))
    done = client.act("restart", service="orders")
    assert (done.ok, done.result) == (False, "orders does not come up")
    assert client.act("restart", service="orders").ok


def test_forms_show_what_is_set_now(client: Client, lab: Lab) -> None:
    lab.start()
    client.act("set_config", service="orders", db_pool_size=20)
    forms = {(form.action, form.service): form for form in client.toolkit()}
    assert {service for _, service in forms} == {"gateway", "orders", "inventory"}
    size = forms["set_config", "orders"].parameters[0]
    assert (size.default, size.minimum, size.maximum) == (20, 1, 64)
    assert "requests in flight" in forms["restart", "orders"].destructive


def component(client: Client, name: str) -> ComponentView:
    (found,) = [each for each in client.components() if each.name == name]
    return found


def test_components_are_shown_and_changed(client: Client, lab: Lab) -> None:
    lab.start()
    assert client.components(resources=True)[0].memory == 10_000_000
    before = component(client, "inventory").pid
    assert client.restart("inventory").restarts == 1
    after = component(client, "inventory").pid
    assert client.signal("inventory", "STOP").state == "unhealthy"
    assert client.scale("gateway", 0).state == "stopped"
    changed = client.set_config("orders", {"db_pool_size": 9})
    assert (changed.before, changed.values["db_pool_size"]) == ({"db_pool_size": 4}, 9)
    with pytest.raises(ActionError, match="1 to 64"):
        client.set_config("orders", {"db_pool_size": 0})
    with pytest.raises(UnknownName, match="no component 'teapot'"):
        client.restart("teapot")
    assert client.logs("orders") == ""
    assert [entry.text for entry in client.changes()][:4] == [
        "orders: config db_pool_size=4 → db_pool_size=9",
        "gateway: scale 1 → 0",
        "inventory: signal healthy → STOP",
        f"inventory: restart pid {before} → pid {after}",
    ]


def test_a_request_that_is_no_request_gets_one_line(web: httpx.Client, lab: Lab) -> None:
    lab.start()
    for method, path, body in [
        ("POST", "/v1/runs", {"scenario": SCENARIO, "speed": 0}),
        ("POST", "/v1/runs", []),
        ("POST", "/v1/runs/current/notes", {"text": ""}),
        ("POST", "/v1/runs/current/declare", {"severity": "sev9"}),
        ("POST", "/v1/components/orders/signal", {"signal": "USR1"}),
        ("POST", "/v1/components/orders/scale", {"instances": -1}),
        ("POST", "/v1/sql", {"query": ""}),
        ("GET", "/v1/runs/current/journal?after=-1", None),
    ]:
        answer = web.request(method, path, json=body)
        assert answer.status_code == 422, (path, answer.text)
        assert answer.json()["detail"]
        assert "\n" not in answer.json()["detail"]


def queries(lab: Lab) -> list[QueryEntry]:
    journal = lab.orchestrator.book("current").journal.all()
    return [entry for entry in journal if isinstance(entry, QueryEntry)]


def test_queries_pass_and_are_journalled(client: Client, lab: Lab, upstream: Upstream) -> None:
    lab.start()
    answer = client.telemetry("prometheus", "api/v1/query", {"query": "up{a=~'b+c'}", "time": 1})
    assert answer.json()["data"]["result"] == [{}, {}]
    assert upstream.requests[-1].url.params["query"] == "up{a=~'b+c'}"
    assert "authorization" not in upstream.requests[-1].headers
    upstream.body = b'{"data":{"resultType":"streams","result":[{"values":[1,2]},{"values":[3]}]}}'
    client.telemetry("loki", "loki/api/v1/query_range", {"query": '{service_name="orders"}'})
    upstream.body = b'{"traces":[{},{},{}]}'
    client.telemetry("tempo", "api/search", {"q": "{ status = error }"})
    upstream.body, upstream.status = b"trace not found", 404
    client.telemetry("tempo", "api/traces/abc123")
    client.telemetry("prometheus", "api/v1/labels")
    assert [(q.language, q.query, q.client, q.status, q.rows) for q in queries(lab)] == [
        ("promql", "up{a=~'b+c'}", "lab", 200, 2),
        ("logql", '{service_name="orders"}', "lab", 200, 3),
        ("traceql", "{ status = error }", "lab", 200, 3),
        ("trace", "abc123", "lab", 404, None),
    ]


def test_a_query_in_a_form_is_journalled_too(web: httpx.Client, lab: Lab) -> None:
    lab.start()
    web.post("/v1/telemetry/prometheus/api/v1/query", data={"query": "up + 1"})
    assert queries(lab)[-1].query == "up + 1"


def test_a_desk_that_draws_itself_anew_does_not_flood_the_journal(
    web: httpx.Client, lab: Lab
) -> None:
    lab.start()
    for _ in range(90):
        lab.clock.now += 1
        url = "/v1/telemetry/prometheus/api/v1/query"
        web.get(url, params={"query": "up"}, headers={"X-Obstack-Client": "desk"})
    assert len(queries(lab)) == 2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "prometheus/api/v1/admin/tsdb/delete_series"),
        ("PUT", "prometheus/api/v1/query"),
        ("POST", "prometheus/-/quit"),
        ("GET", "prometheus/api/v1/status/config"),
        ("GET", "prometheus/api/v1/label/../../status/config/values"),
        ("POST", "loki/loki/api/v1/push"),
        ("POST", "tempo/v1/traces"),
        ("POST", "loki/v1/logs"),
        ("GET", "tempo/api/traces/a/../../../flush"),
        ("GET", "grafana/api/search"),
    ],
)
def test_only_questions_pass_the_proxy(
    web: httpx.Client, upstream: Upstream, method: str, path: str
) -> None:
    answer = web.request(method, f"/v1/telemetry/{path}")
    assert answer.status_code in {404, 405, 422}
    assert not upstream.requests


@pytest.mark.parametrize(
    ("backend", "method", "path"),
    [
        ("prometheus", "GET", "api/v1/query/../admin/tsdb/snapshot"),
        ("prometheus", "GET", "x/api/v1/query"),
        ("prometheus", "GET", "api/v1/label/../values"),
        ("prometheus", "POST", "api/v1/targets"),
        ("prometheus", "DELETE", "api/v1/series"),
        ("loki", "GET", "ready/../flush"),
        ("tempo", "POST", "api/search"),
        ("tempo", "GET", "api/traces/.."),
    ],
)
def test_the_proxy_matches_whole_paths_and_methods(
    backend: Backend, method: str, path: str
) -> None:
    assert not allowed(backend, method, path)


def test_a_store_that_is_gone_is_named(client: Client, upstream: Upstream) -> None:
    upstream.gone = True
    answer = client.telemetry("loki", "loki/api/v1/labels")
    assert answer.status_code == 502
    assert answer.json()["detail"] == "telemetry does not answer. Look at `./lab status`."


def test_the_database_being_gone_is_named(client: Client, lab: Lab) -> None:
    lab.start()
    lab.engine.fail_next("address", EngineError("postgres does not run.", component="postgres"))
    with pytest.raises(EngineError, match="postgres does not run") as gone:
        client.sql("select 1")
    assert gone.value.component == "postgres"


def test_errors_reach_the_client_as_what_they_are() -> None:
    from obstack_lab.orchestrator.client import error_of

    refused = httpx.Response(
        400,
        json={
            "detail": "parse error",
            "error": "QueryError",
            "data": {"language": "sql", "query": "selec", "line": 1, "column": 1},
        },
    )
    assert getattr(error_of(refused), "column", None) == 1
    assert isinstance(error_of(httpx.Response(500, text="oops")), LabError)
    assert isinstance(error_of(httpx.Response(403, json={"detail": "no"})), UsageError)
