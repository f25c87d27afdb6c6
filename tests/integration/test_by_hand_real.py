"""The sandbox on the real stack: every action once, faults by hand, a release of one's own code."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
import waiting

from obstack_lab.errors import ActionError, LabDown, QueryError, UnknownName
from obstack_lab.lab import Lab, Sheet, open_lab
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.orchestrator.views import ActionResult
from obstack_lab.review.journal import ActionEntry

pytestmark = pytest.mark.integration

SECONDS = 60


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A sandbox of its own, with two instances of orders."""
    lab = open_lab(home=tmp_path_factory.mktemp("sandbox"), show=False)
    lab.client.act("scale", service="orders", instances=2)
    yield lab
    with suppress(UnknownName, LabDown):
        lab.finish()
    lab.close()
    daemon.shutdown(lab.home)


@pytest.fixture
def act(lab: Lab) -> Callable[..., ActionResult]:
    def act(action: str, **params: Any) -> ActionResult:
        done = lab.client.act(action, **params)
        assert done.ok, done
        return done

    return act


wait_for = functools.partial(waiting.wait_for, seconds=SECONDS, pause=0.3)


def users(lab: Lab, application: str) -> set[str]:
    found = lab.sql(
        "select distinct usename from pg_stat_activity "
        f"where application_name = '{application}' and backend_type = 'client backend'"
    )
    return set(found["usename"])


def test_the_whole_system_runs_and_is_told_of(lab: Lab) -> None:
    system = {"gateway", "orders", "inventory", "payments", "worker", "postgres"}
    ill: dict[str, str] = {}

    def well() -> bool:
        ill.clear()
        components = lab.client.components()
        ill.update({c.name: f"{c.state}: {c.detail}" for c in components if c.state != "healthy"})
        return not ill.keys() & system

    try:
        wait_for("the whole system is healthy", well, seconds=180)
    except AssertionError:
        pytest.fail(f"not healthy within 180 s: {ill}")
    told = lab.client.processes("orders")
    assert [each.instance for each in told] == ["orders-1", "orders-2"]
    for each in told:
        assert each.memory
        assert each.threads
        assert each.open_files
        assert each.settings_version == 1
    assert lab.client.processes("postgres")[0].memory


def test_one_request_leads_through_all_services(lab: Lab) -> None:
    trace = lab.trace_request("POST /orders")
    assert not isinstance(trace, Sheet), trace
    assert {span.service for span in trace.walk()} >= {"gateway", "orders", "inventory"}


def test_instances_are_drained_and_restarted(lab: Lab, act: Callable[..., ActionResult]) -> None:
    assert act("drain", service="orders", instance="orders-1").after == "orders-1=0, orders-2=1"
    act("undrain", service="orders", instance="orders-1")
    for action in ("rolling_restart", "restart"):
        before = {each.pid for each in lab.client.processes("orders")}
        told = act(action, service="orders")
        after = {each.pid for each in lab.client.processes("orders")}
        assert not before & after
        assert all(f"pid {pid}" in told.before for pid in before)
        assert all(f"pid {pid}" in told.after for pid in after)


def test_a_credential_is_rotated_and_taken_back(lab: Lab, act: Callable[..., ActionResult]) -> None:
    assert act("rotate_credential", service="orders").after == "orders_a"
    wait_for("sessions of the new login", lambda: users(lab, "orders") == {"orders_a"})
    assert act("rotate_credential", service="orders").after == "orders_b"
    act("restore_configuration", service="orders")
    wait_for("sessions of the old login", lambda: users(lab, "orders") == {"shop"})


def test_a_certificate_is_rotated_while_everything_goes_on(
    act: Callable[..., ActionResult],
) -> None:
    done = act("rotate_certificate")
    assert done.before.startswith("good until")
    assert done.after.startswith("good until")


def test_the_database_is_acted_on(lab: Lab, act: Callable[..., ActionResult]) -> None:
    assert act("drop_index", index="orders_placed_at").after == "missing"
    done = act("create_index", index="orders_placed_at")
    assert (done.before, done.after) == ("missing", "there")
    assert "analysed" in act("analyze_table", table="orders").after
    done = act("terminate_sessions", application_name="orders", state="idle")
    assert "orders" in done.result or "no session" in done.result
    with pytest.raises(ActionError) as refused:
        lab.client.act("kill_query", pid=2_000_000_000)
    assert refused.value.parameter == "pid"


def test_a_long_statement_is_killed(lab: Lab, act: Callable[..., ActionResult]) -> None:
    with ThreadPoolExecutor(1) as pool:
        long = pool.submit(lab.sql, "select count(*) from generate_series(1, 1000000000)")
        runs = (
            "select pid from pg_stat_activity where state = 'active' "
            "and query like '%generate_series%' and pid <> pg_backend_pid()"
        )
        wait_for("the statement", lambda: len(lab.sql(runs)) == 1)
        pid = int(lab.sql(runs)["pid"][0])
        done = act("kill_query", pid=pid)
        assert done.before.startswith(f"{pid} active")
        with pytest.raises(QueryError, match="cancel"):
            long.result(SECONDS)


def test_levers_of_the_gateway_the_queue_and_the_cache(
    lab: Lab, act: Callable[..., ActionResult]
) -> None:
    act("shed_route", route="reports")
    act("rate_limit_route", route="quotes", per_second=50)
    act("open_breaker")
    act("close_breaker")
    changed = lab.client.config("gateway").values
    assert changed["shed_route"] == "reports"
    assert changed["orders_breaker"] == "closed"
    assert act("set_config", service="gateway", log_level="debug").after == "log_level=debug"
    act("reset_config", service="gateway")
    assert lab.client.config("gateway").values["shed_route"] == "none"
    act("pause_jobs")
    assert lab.client.config("worker").values["batch_jobs"] == "off"
    act("resume_jobs")
    assert "dead letters" in act("replay_dead_letters").after
    assert act("drop_dead_letters", kind="report").after == "0 dead letters"
    act("purge_cache", service="orders")


def test_code_of_ones_own_is_refused_with_its_line_or_deployed(lab: Lab) -> None:
    code = lab.release_template("orders")
    lines = len(code.splitlines())
    with pytest.raises(ActionError, match=r"line \d+"):
        lab.release("orders", "9.0.0", code.replace("def build(", "def build(("))
    with pytest.raises(ActionError, match=f"line {lines + 1}: ModuleNotFoundError"):
        lab.release("orders", "9.0.0", code + "import nothing_like_it\n")
    with pytest.raises(ActionError, match="build"):
        lab.release("orders", "9.0.0", code.replace("def build(", "def make("))
    assert lab.release("orders", "9.0.0", code, canary=True)
    assert lab.fix.shift_canary("orders", percent=25)
    running = {c.name: c for c in lab.client.components()}["orders"].children
    assert [each.release for each in running] == ["1.4.2", "9.0.0"]
    assert lab.release("orders", "9.0.1", code)
    assert lab.release_template("orders") == code
    assert lab.fix.rollback("orders")
    assert {each.release for each in lab.client.processes("orders")} == {"1.4.2"}
    done = lab.client.act("deploy", service="orders", release="9.0.1")
    assert (done.before, done.after) == ("1.4.2", "9.0.1")
    assert lab.fix.rollback("orders")


def test_a_fault_is_set_in_seen_and_repaired(lab: Lab) -> None:
    assert lab.load(rate=25, mix={"buy": 3, "browse": 1})
    assert lab.inject("wrong-port")
    wait_for("users who suffer", lambda: "✘ fail" in repr(lab.check()))
    assert lab.client.run().phase == "incident"
    assert lab.fix.restore_configuration("gateway")
    wait_for("the cause to be gone", lambda: "its cause is gone" in repr(lab.faults()))
    assert "wrong-port" in repr(lab.clear())
    assert not any(fault.injected for fault in lab.client.faults())


def test_a_neighbour_is_ended(lab: Lab, act: Callable[..., ActionResult]) -> None:
    assert lab.inject("noisy-neighbour")
    jobs = [c.name for c in lab.client.components() if c.kind == "job"]
    assert act("end_job", job=jobs[0]).after == "ended"
    assert not [c for c in lab.client.components() if c.kind == "job"]
    assert lab.clear()


def test_the_journal_has_every_action_with_before_and_after(lab: Lab) -> None:
    """Last in this file: what the tests above have done, each action at least once."""
    entries = [each for each in lab.client.journal().entries if isinstance(each, ActionEntry)]
    done = [each for each in entries if each.status == "done"]
    assert {each.action for each in done} == set(ACTIONS)
    assert not [each for each in done if not (each.before and each.after)]
