"""kill -9 of every component: the run tells it, the lab goes on, and a restart brings it back."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import psutil
import pytest
from psutil import CONN_LISTEN as LISTEN
from waiting import wait_for

from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import ComponentView, Snapshot
from obstack_lab.review.journal import ActionEntry, ComponentEntry, NoteEntry, SampleEntry
from obstack_lab.settings import HOME_VARIABLE, LabHome
from obstack_lab.state import LabState, read_state

pytestmark = pytest.mark.integration

SCENARIO = "checkout-stalls"
TOLD_WITHIN = 30
BACK_WITHIN = 60
LEASH_SECONDS = 20
"""5 s on a quiet machine."""
BASELINE = ["inventory", "postgres", "telemetry", "edge", "load"]
INCIDENT = ["orders", "gateway", "prometheus", "services", "postgres"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHome]:
    home = LabHome(tmp_path_factory.mktemp("crashes"))
    yield home
    daemon.shutdown(home)


@pytest.fixture(scope="module")
def state(home: LabHome) -> LabState:
    return daemon.launch(home)


@pytest.fixture(scope="module")
def client(state: LabState) -> Iterator[Client]:
    """A run in its baseline."""
    with Client(state) as client:
        client.create_run(SCENARIO)
        yield client


@pytest.fixture(scope="module")
def incident(client: Client) -> Client:
    """The same run, its incident begun and its change in place."""
    client.start()
    wait_for("1.5.0 is in place", lambda: component(client, "orders").release == "1.5.0", 60)
    wait_for("it is healthy", lambda: client.status().healthy, BACK_WITHIN)
    return client


def ports(lab_id: str) -> set[int]:
    """Return every port that a process of this lab listens on."""
    found = set()
    for process in daemon.processes(lab_id):
        with contextlib.suppress(psutil.NoSuchProcess):
            found |= {c.laddr.port for c in process.net_connections("tcp") if c.status == LISTEN}
    return found


def component(client: Client, name: str) -> ComponentView:
    return next(c for c in client.components() if c.name == name)


def news(client: Client, name: str) -> list[str]:
    entries = client.journal().entries
    return [e.what for e in entries if isinstance(e, ComponentEntry) and e.component == name]


def snapshot(client: Client) -> Snapshot:
    return next(iter(client.events()))


def crash(client: Client, name: str) -> None:
    """Kill a component behind the lab's back; check that the run tells it, and restart it."""
    wait_for("all are healthy", lambda: client.status().healthy, BACK_WITHIN)
    before = component(client, name)
    told = len(news(client, name))
    assert before.pid is not None
    os.kill(before.pid, signal.SIGKILL)
    wait_for(
        f"{name} is told",
        lambda: any("failed" in what for what in news(client, name)[told:]),
        TOLD_WITHIN,
    )
    wait_for(
        f"the desk shows that {name} died",
        lambda: any(f"{name} failed" in entry.text for entry in snapshot(client).feed),
        TOLD_WITHIN,
    )
    dead = component(client, name)
    assert dead.state == "failed"
    assert "signal 9" in dead.detail or "SIGKILL" in dead.detail, dead.detail
    assert client.status().run is not None
    assert client.restart(name).pid != before.pid
    wait_for(
        "all are healthy, and nothing stumbles",
        lambda: (now := client.status()).healthy and not now.trouble,
        BACK_WITHIN,
    )


def answered(client: Client) -> int:
    """Return how many requests were answered well so far."""
    now = client.impact()
    return now.requests - now.requests_lost


def users_are_served_again(client: Client) -> None:
    before = answered(client)
    wait_for("users are served", lambda: answered(client) > before + 20, BACK_WITHIN)


@pytest.mark.parametrize("name", BASELINE)
def test_a_crash_in_the_baseline_is_told_and_mended(client: Client, name: str) -> None:
    crash(client, name)
    users_are_served_again(client)
    if name == "telemetry":
        query = {"query": '{service_name="orders"}', "start": f"{time.time() - 3:.0f}"}

        def logged() -> object:
            answer = client.telemetry("loki", "loki/api/v1/query_range", query)
            return answer.status_code == 200 and answer.json()["data"]["result"]

        wait_for("log lines come again", logged, BACK_WITHIN)


@pytest.mark.parametrize("name", INCIDENT)
def test_a_crash_in_the_incident_is_told_and_mended(incident: Client, name: str) -> None:
    crash(incident, name)
    users_are_served_again(incident)
    assert incident.run().phase == "incident"
    wait_for(
        "the criteria are judged",
        lambda: all(c.verdict != "inconclusive" for c in incident.criteria()),
        BACK_WITHIN,
    )


def test_the_fault_outlives_the_crashes_and_the_fix_still_works(incident: Client) -> None:
    assert component(incident, "orders").release == "1.5.0"
    assert incident.act("rollback", service="orders").after == "1.4.2"
    assert incident.finish().phase == "ended"
    assert incident.review()["timeline"]


def test_a_killed_orchestrator_loses_no_finished_second(home: LabHome, state: LabState) -> None:
    with Client(state) as client:
        run = client.create_run(SCENARIO).id
        client.start()
        client.note("orders waits for connections")
        client.act("set_config", service="orders", db_pool_size=6)
        wait_for("users came", lambda: client.impact().requests > 100, 60)
        samples = sum(isinstance(e, SampleEntry) for e in client.journal().entries)
        counted = client.impact().requests
    parts = daemon.processes(state.lab_id)
    assert len(parts) > 8
    os.kill(state.pid, signal.SIGKILL)
    wait_for("all are gone", lambda: not daemon.processes(state.lab_id), LEASH_SECONDS)
    again = daemon.launch(home)
    with Client(again) as client:
        wait_for("all are healthy", lambda: client.status().healthy, BACK_WITHIN)
        found = client.run(run)
        assert (found.phase, found.interrupted) == ("ended", True)
        entries = client.journal(run).entries
        assert sum(isinstance(e, SampleEntry) for e in entries) >= samples
        assert "orders waits for connections" in [
            e.text for e in entries if isinstance(e, NoteEntry)
        ]
        done = [e for e in entries if isinstance(e, ActionEntry)]
        assert {e.action for e in done} == {"set_config"}
        assert client.impact(run).requests >= counted
        assert client.review(run)["run"]["id"] == run
        later = client.create_run(SCENARIO)
        assert later.phase == "baseline"
        assert client.config("orders").values["db_pool_size"] == 4, "a new run begins clean"


def test_stopping_in_the_middle_of_a_run_leaves_nothing(home: LabHome) -> None:
    state = daemon.launch(home)
    with Client(state) as client:
        if client.status().run is None:
            client.create_run(SCENARIO)
        assert client.run().phase == "baseline"
        had = ports(state.lab_id)
    assert daemon.shutdown(home)
    wait_for("all are gone", lambda: not daemon.processes(state.lab_id), LEASH_SECONDS)
    assert not had & {c.laddr.port for c in psutil.net_connections() if c.status == LISTEN}
    assert not list(home.private.glob("*.sock"))
    assert not list(home.private.glob("processes.json"))


def test_an_orchestrator_killed_while_it_starts_is_no_obstacle(home: LabHome) -> None:
    begin = "import sys; from obstack_lab.cli import main; main(['up', '--no-browser', '--json'])"
    with subprocess.Popen(
        [sys.executable, "-c", begin],
        env=os.environ | {HOME_VARIABLE: str(home.path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as up:
        wait_for("the door is open", lambda: read_state(home) is not None, 60)
        state = read_state(home)
        assert state is not None
        os.kill(state.pid, signal.SIGKILL)
        out, err = up.communicate(timeout=60)
    assert (up.returncode, out, len(err.splitlines())) == (1, "", 1), err
    assert err.startswith("lab: ")
    wait_for("all are gone", lambda: not daemon.processes(state.lab_id), LEASH_SECONDS)
    again = daemon.launch(home)
    with Client(again) as client:
        wait_for("all are healthy", lambda: client.status().healthy, BACK_WITHIN)
    assert daemon.shutdown(home)
    wait_for("all are gone", lambda: not daemon.processes(again.lab_id), LEASH_SECONDS)
