"""Two labs of containers side by side: an incident and its fix, faults of three kinds."""

from __future__ import annotations

import functools
import json
import secrets
import time
from collections.abc import Iterator, Mapping

import httpx
import psutil
import psycopg
import pytest
import waiting
from docker_engine import Engine as Docker
from docker_images import size
from incident import Played, play

from obstack_lab.engine.compose import ComposeEngine
from obstack_lab.engine.compose.project import project_name
from obstack_lab.engine.compose.reap import wipe
from obstack_lab.engine.interface import Component, Engine, Stack
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.faults.interface import FaultDriver, Injection
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.paging import SENDER
from obstack_lab.review.journal import MessageEntry
from obstack_lab.scenario.model import Scalar
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.usefixtures("environment")

STACK = Stack(
    services={
        "gateway": "2.3.1",
        "orders": "1.4.2",
        "inventory": "3.1.0",
        "payments": "1.0.0",
        "worker": "1.0.0",
    }
)
NAMES = {
    *("postgres", "prometheus", "telemetry", "edge", "load", "exporter"),
    *STACK.services,
}
ABOVE_THE_BASE = 150_000_000
FRESH = 1.0


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHome]:
    """The lab of the incident, with an orchestrator of its own."""
    home = LabHome(tmp_path_factory.mktemp("läb with spaces"))
    yield home
    daemon.shutdown(home, timeout=90)
    wipe(home)


@pytest.fixture(scope="module")
def contained(home: LabHome) -> Played:
    """The incident and its reference fix, in containers, with a pager; the lab goes on."""
    return play(home, "compose", paged=True)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """Another lab beside it, with every service."""
    home = LabHome(tmp_path_factory.mktemp("second"))
    engine = ComposeEngine(home, new_lab_id())
    try:
        engine.start(STACK, lambda _: None)
        yield engine
    finally:
        engine.stop()
        wipe(home)


comes = functools.partial(waiting.comes, seconds=60.0, pause=0.1)


def the(engine: Engine, name: str) -> Component:
    (found,) = [each for each in engine.components() if each.name == name]
    return found


def healthy(engine: Engine, *names: str) -> bool:
    return all(the(engine, name).state == "healthy" for name in names)


def place_order(engine: Engine, patience: float = 5.0) -> int:
    """Place one order as a user does; return the status, 0 where no answer came in time."""
    body = {"customer_id": 1, "items": [{"product_id": 1, "quantity": 1}]}
    try:
        return httpx.post(
            f"{engine.address('gateway')}/orders", json=body, timeout=patience, trust_env=False
        ).status_code
    except httpx.HTTPError:
        return 0


def injected(driver: str, params: Mapping[str, Scalar]) -> tuple[FaultDriver, Injection]:
    chosen = DRIVERS[driver]
    assert chosen.problems(params) == ()
    return chosen, Injection("fault-1", driver, params, secrets.token_hex(16))


def test_the_image_of_the_services_is_small(engine: Docker) -> None:
    grown = size(engine, "obstack-lab/sut:0.1.0") - size(engine, "python:3.13-slim")
    assert grown < ABOVE_THE_BASE


def test_the_reference_fix_resolves_the_incident(contained: Played) -> None:
    assert contained.outcome == "resolved"
    assert set(contained.verdicts.values()) == {"pass"}
    assert all(contained.columns.values())


@pytest.mark.usefixtures("contained")
def test_alertmanager_pages_from_its_container(home: LabHome) -> None:
    state = daemon.attach(home)
    assert state is not None
    with Client(state) as client:
        said = [e for e in client.journal().entries if isinstance(e, MessageEntry)]
    pages = [each.text for each in said if each.sender == SENDER]
    assert any(text.startswith("Page: ") for text in pages), said


def test_the_incident_is_the_same_in_containers_and_in_processes(
    contained: Played, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Verdicts, actions and the columns of every frame are alike."""
    beside = LabHome(tmp_path_factory.mktemp("processes"))
    try:
        assert play(beside, "embedded") == contained
    finally:
        daemon.shutdown(beside, timeout=60)


def test_a_second_lab_beside_it_has_every_component(second: Engine, home: LabHome) -> None:
    assert {each.name for each in second.components()} == NAMES
    assert comes(lambda: healthy(second, *NAMES))
    assert comes(lambda: place_order(second) in {200, 201})
    assert daemon.attach(home) is not None, "the first one goes on"
    usage = second.usage()
    assert set(usage) == NAMES
    assert all(each.memory > 1_000_000 for each in usage.values())


def test_a_paused_process_is_a_signal_to_its_container(second: Engine) -> None:
    driver, injection = injected("process", {"does": "pause", "component": "orders"})
    injection, _ = driver.inject(second, injection, time.time())
    assert comes(lambda: the(second, "orders").state == "unhealthy")
    assert place_order(second, patience=1.0) != 201
    assert driver.residual(second, injection)
    driver.clear(second, injection)
    assert comes(lambda: healthy(second, "orders"))
    assert comes(lambda: place_order(second) == 201)


def test_a_killed_service_is_failed_until_someone_restarts_it(second: Engine) -> None:
    driver, injection = injected("process", {"does": "kill", "component": "inventory"})
    injection, _ = driver.inject(second, injection, time.time())
    assert comes(lambda: the(second, "inventory").state == "failed")
    assert "SIGKILL" in the(second, "inventory").detail
    driver.clear(second, injection)
    assert comes(lambda: healthy(second, "inventory"))
    assert the(second, "inventory").restarts == 1


def test_a_slow_network_is_slow_at_the_edge(second: Engine) -> None:
    driver, injection = injected(
        "network", {"route": "orders-inventory", "type": "latency", "latency": 1500}
    )
    injection, _ = driver.inject(second, injection, time.time())
    began = time.monotonic()
    place_order(second, patience=20)
    assert time.monotonic() - began > FRESH
    assert driver.residual(second, injection)
    driver.clear(second, injection)
    assert second.network.toxics("orders-inventory") == {}


def test_a_held_lock_stalls_orders_until_it_is_let_go(second: Engine) -> None:
    driver, injection = injected(
        "session",
        {"does": "table-lock", "table": "orders", "application": "backup", "role": "lab"},
    )
    injection, _ = driver.inject(second, injection, time.time())
    with psycopg.connect(second.dsn("operator"), autocommit=True, connect_timeout=20) as look:
        held = "select count(*) from pg_stat_activity where application_name = 'backup'"
        assert comes(lambda: look.execute(held).fetchone() == (1,))
        assert place_order(second, patience=1.5) != 201
        driver.clear(second, injection)
        assert comes(lambda: look.execute(held).fetchone() == (0,))
    assert comes(lambda: place_order(second) == 201)


def test_instances_come_and_go_and_one_is_a_canary(second: Engine) -> None:
    assert second.scale("orders", 2) == 1
    assert second.deploy("orders", "1.5.0", instance="orders-2") == "1.4.2"
    parts = {each.name: each.release for each in the(second, "orders").children}
    assert parts == {"orders-1": "1.4.2", "orders-2": "1.5.0"}
    assert second.set_config("orders", {"db_pool_size": 9}) == {"db_pool_size": 4}
    assert second.scale("orders", 1) == 2
    assert second.config("orders")["db_pool_size"] == 9
    assert the(second, "orders").release == "1.4.2"


def test_limits_hold_in_the_container_and_are_taken_back(second: Engine) -> None:
    for resource, value in (("open_files", 64), ("cpu", 0.2)):
        assert second.limit("orders", resource, value) is None
        assert second.limit("orders", resource, None) == value


def test_prometheus_scrapes_containers_and_sees_the_database_log(second: Engine) -> None:
    def up() -> set[str]:
        answer = httpx.get(
            f"{second.address('prometheus')}/api/v1/query",
            params={"query": "up == 1"},
            timeout=20,
            trust_env=False,
        ).json()
        return {each["metric"]["service_name"] for each in answer["data"]["result"]}

    assert comes(lambda: up() >= {*STACK.services, "exporter"})


def test_no_password_is_readable_by_others(second: Engine, home: LabHome) -> None:
    secrets_of_both = [
        *(home.private / "compose").glob("*.json"),
        home.private / "compose" / "lab.yaml",
    ]
    assert len(secrets_of_both) >= 2
    assert {each.stat().st_mode & 0o077 for each in secrets_of_both} == {0}
    lab = json.loads((home.private / "compose" / "lab.yaml").read_bytes())
    ports = [port for each in lab["services"].values() for port in each.get("ports", ())]
    assert ports
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_what_a_dead_orchestrator_leaves_is_removed(home: LabHome, engine: Docker) -> None:
    state = daemon.attach(home)
    assert state is not None
    label = f"label=com.docker.compose.project={project_name(home)}"
    assert engine.docker("ps", "-q", "--filter", label).split()
    psutil.Process(state.pid).kill()
    assert comes(lambda: not engine.docker("ps", "-aq", "--filter", label).split())
    assert comes(lambda: not daemon.processes(state.lab_id))


def test_labs_go_and_leave_nothing(second: Engine, home: LabHome, engine: Docker) -> None:
    second.stop()
    for lab in (home, second._place.home):
        label = f"label=com.docker.compose.project={project_name(lab)}"
        assert engine.docker("ps", "-aq", "--filter", label).split() == []
        assert engine.docker("network", "ls", "-q", "--filter", label).split() == []
        assert engine.docker("volume", "ls", "-q", "--filter", label).split() != []
        wipe(lab)
        assert engine.docker("volume", "ls", "-q", "--filter", label).split() == []
