"""The orchestrator on the real stack: an incident from the baseline to the review, and crashes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from psutil import CONN_LISTEN as LISTEN
from waiting import wait_for, watch

from obstack_lab.certify.play import well
from obstack_lab.errors import EngineError, LabDown, QueryError, UnknownName
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.records import Records
from obstack_lab.orchestrator.views import ProgressView, Snapshot
from obstack_lab.review.journal import ComponentEntry, QueryEntry
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState, read_state

pytestmark = pytest.mark.integration

SCENARIO = "checkout-stalls"
SEALED = ("orders-change", "canary", "inject", "fault", "driver", "timeline")
"""What the scenario calls its cause, and words of the fault plane."""
LEASH_SECONDS = 20
"""5 s on a quiet machine."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHome]:
    home = LabHome(tmp_path_factory.mktemp("lab with ümlauts"))
    yield home
    daemon.shutdown(home)


@pytest.fixture
def state(home: LabHome) -> LabState:
    """The lab of this module, started again by a test that finds it dead."""
    return daemon.launch(home)


@pytest.fixture
def client(state: LabState) -> Iterator[Client]:
    with Client(state) as client:
        yield client
        try:
            client.finish()
        except (UnknownName, LabDown):
            return


def ports(lab_id: str) -> set[int]:
    """Return every port that a process of this lab listens on."""
    found = set()
    for process in daemon.processes(lab_id):
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {c.laddr.port for c in process.net_connections("tcp") if c.status == LISTEN}
    return found


def own_stream(client: Client) -> str:
    """Return what the orchestrator itself has told the log store."""
    asked = {"query": '{service_name="orchestrator"}', "limit": "5000"}
    return client.telemetry("loki", "loki/api/v1/query_range", asked).text.lower()


def counts_agree(snapshot: Snapshot) -> bool:
    """The ledger and Prometheus both say that users are well."""
    impact = snapshot.impact
    ratios = (impact.success_ratio, impact.prometheus_success_ratio) if impact else (None,)
    return all(ratio == pytest.approx(1, abs=0.02) for ratio in ratios)


def test_the_lab_is_found_and_not_started_twice(home: LabHome, state: LabState) -> None:
    assert daemon.attach(home) == state
    assert daemon.launch(home) == state
    assert home.state_file.stat().st_mode & 0o777 == 0o600


def test_the_reference_fix_resolves_the_incident(client: Client) -> None:
    run = client.create_run(SCENARIO)
    assert run.phase == "baseline"
    watch(client, well, 90)
    started = client.start()
    red = watch(client, lambda s: any(c.verdict == "fail" for c in s.criteria), 90)
    assert red.impact is not None
    firing = watch(client, lambda s: any(a.state == "firing" for a in s.alerts), 60)
    client.acknowledge(next(a.id for a in firing.alerts if a.state == "firing"))
    watch(client, lambda s: s.impact is not None and s.impact.requests_lost > 50, 60)
    assert "deploy 1.4.2 → 1.5.0" in client.changes()[-1].text
    wait_for("the change in the log store", lambda: "1.5.0" in own_stream(client), 60)
    assert not [word for word in SEALED if word in own_stream(client)]
    done = client.act("rollback", service="orders")
    assert (done.ok, done.before, done.after) == (True, "1.5.0", "1.4.2")
    watch(client, lambda s: s.run is not None and s.run.phase == "resolved", 90)
    watch(client, counts_agree, 60)
    assert client.finish().outcome == "resolved"
    judged = client.review()
    assert judged["outcome"] == "resolved"
    assert judged["impact"]["during"]["requests_lost"] > 50
    assert client.run().detected_at is not None
    assert started.started_at is not None


def test_questions_are_answered_and_journalled(client: Client) -> None:
    client.create_run(SCENARIO)
    found = client.sql("select count(*) as orders from orders")
    assert found.columns == ("orders",)
    assert found.rows[0][0] >= 200_000
    with pytest.raises(QueryError, match="does not exist") as typo:
        client.sql("select *\nfrom ordres")
    assert (typo.value.line, typo.value.column) == (2, 6)
    with pytest.raises(QueryError, match="longer than 5 s"):
        client.sql("select pg_sleep(30)")
    for writing in (
        "delete from orders",
        "commit; delete from orders",
        "set transaction read write; delete from orders",
    ):
        with pytest.raises(QueryError):
            client.sql(writing)
    assert len(client.sql("select generate_series(1, 5000)", limit=10).rows) == 10

    def scraped() -> bool:
        answer = client.telemetry("prometheus", "api/v1/query", {"query": "up == 1"})
        return len(answer.json()["data"]["result"]) >= 3

    wait_for("Prometheus scrapes every service", scraped, 30)
    assert client.telemetry("prometheus", "api/v1/query", {"query": "up ="}).status_code == 400
    assert client.telemetry("loki", "ready").status_code == 200
    asked = [e for e in client.journal().entries if isinstance(e, QueryEntry)]
    assert [(q.language, q.status) for q in asked[-2:]] == [("promql", 200), ("promql", 400)]
    assert asked[0].rows == 1


def test_a_component_that_is_killed_is_told_and_comes_back_when_asked(client: Client) -> None:
    client.create_run(SCENARIO)
    client.signal("inventory", "KILL")

    def told() -> str:
        entries = client.journal().entries
        return "; ".join(
            f"{e.component} {e.what}" for e in entries if isinstance(e, ComponentEntry)
        )

    wait_for("the journal says that it died", lambda: "inventory failed" in told(), 30)
    assert client.restart("inventory").state == "healthy"


def test_a_killed_orchestrator_takes_all_along_and_the_run_is_kept(home: LabHome) -> None:
    state = daemon.launch(home)
    with Client(state) as client:
        run = client.create_run(SCENARIO)
        watch(client, lambda s: s.impact is not None and s.impact.requests > 20, 60)
        client.note("before the crash")
        kept = len(client.journal().entries)
    os.kill(state.pid, signal.SIGKILL)
    wait_for("all components are gone", lambda: not daemon.processes(state.lab_id), LEASH_SECONDS)
    assert daemon.attach(home) is None
    told: list[ProgressView] = []
    again = daemon.launch(home, report=told.append)
    ready = {step.component: step.seconds for step in told if step.state == "ready"}
    assert all(ready[name] > 0 for name in ("postgres", "orders", "inventory", "gateway"))
    assert again.lab_id != state.lab_id
    with Client(again) as client:
        found = client.run(run.id)
        assert (found.phase, found.interrupted) == ("ended", True)
        assert found.reason.startswith("The orchestrator died at ")
        entries = client.journal(run.id).entries
        assert len(entries) >= kept
        assert any(e.kind == "note" for e in entries)
        assert client.impact(run.id).requests > 20


def test_stopping_leaves_nothing_behind(home: LabHome) -> None:
    state = daemon.launch(home)
    had = ports(state.lab_id)
    assert len(had) > 6
    assert daemon.shutdown(home)
    wait_for("all are gone", lambda: not daemon.processes(state.lab_id), LEASH_SECONDS)
    assert read_state(home) is None
    assert not had & {c.laddr.port for c in psutil.net_connections() if c.status == LISTEN}
    assert not daemon.shutdown(home)
    with pytest.raises(LabDown), Client(state) as client:
        client.status()


def test_a_lab_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = LabHome(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    with pytest.raises(EngineError, match="use `--engine embedded`"):
        daemon.launch(home, engine="compose")
    assert read_state(home) is None


def test_records_are_kept_on_postgresql_as_well(home: LabHome, client: Client) -> None:
    run = client.create_run(SCENARIO).id
    client.note("kept")
    watch(client, lambda s: s.impact is not None and s.impact.requests > 5, 60)
    client.finish()
    address = next(c.address for c in client.components() if c.name == "postgres")
    password = json.loads((home.private / "postgres.json").read_bytes())["shop"]
    ours = Records.at(home.records)
    url = address.replace("://", f"://shop:{password}@")
    theirs = Records(url, learner="ann")
    played = ours.run(run)
    assert played is not None
    theirs.save(played)
    for entry in ours.journal(run):
        theirs.append(run, entry)
    assert theirs.run(run) == played
    assert theirs.journal(run) == ours.journal(run)
    assert theirs.last_moment(run) == ours.last_moment(run)
    with psycopg.connect(url) as connection:  # the server goes away for a moment
        cut = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE application_name = 'obstack-records'"
        ).fetchall()
    assert cut == [(True,)]
    assert theirs.runs() == (played,)
    neighbours = Records(url, learner="bob")
    assert neighbours.runs() == ()
    for records in (ours, theirs, neighbours):
        records.close()
    with psycopg.connect(url) as connection:  # as a lab left it that knew of no learners
        connection.execute("ALTER TABLE runs DROP COLUMN learner")
    old = Records(url)
    assert old.runs() == (played,)
    old.close()
