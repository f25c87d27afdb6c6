"""Prometheus under the engine: identity of the series, and alerts that fire in time."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obstack_lab.engine.embedded import EmbeddedEngine, wipe
from obstack_lab.engine.interface import Stack
from obstack_lab.settings import LabHome, resources
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.integration
STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
ALERT_SECONDS = 60
"""20 s on a quiet machine."""


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedEngine]:
    home = LabHome(tmp_path_factory.mktemp("metrics") / "lab")
    engine = EmbeddedEngine(home, new_lab_id())
    try:
        engine.start(STACK, lambda _: None)
        yield engine
    finally:
        engine.stop()
        wipe(home)


def ask(engine: EmbeddedEngine, query: str) -> list[dict[str, Any]]:
    url = f"{engine.address('prometheus')}/api/v1/query?query={urllib.parse.quote(query)}"
    with urllib.request.urlopen(url, timeout=20) as answer:  # noqa: S310 our own loopback address
        found: list[dict[str, Any]] = json.load(answer)["data"]["result"]
        return found


def wait_for(engine: EmbeddedEngine, query: str, count: int, seconds: float = 30) -> list[Any]:
    deadline = time.monotonic() + seconds
    while len(found := ask(engine, query)) != count:
        assert time.monotonic() < deadline, f"{query}: {found}"
        time.sleep(0.2)
    return found


def labels(found: list[Any]) -> set[tuple[str, str, str]]:
    return {
        (
            each["metric"]["service_name"],
            each["metric"]["service_version"],
            each["metric"]["service_instance_id"],
        )
        for each in found
    }


def test_each_instance_is_scraped_under_its_name_release_and_id(engine: EmbeddedEngine) -> None:
    assert labels(wait_for(engine, "up == 1", 4)) == {
        ("gateway", "2.3.1", "gateway-1"),
        ("orders", "1.4.2", "orders-1"),
        ("inventory", "3.1.0", "inventory-1"),
        ("exporter", "1.0.0", "exporter-1"),
    }
    assert not ask(engine, '{__name__=~".+", exported_service_name!=""}')
    assert not ask(engine, '{__name__=~".+", exported_instance!=""}')


def test_a_deployment_and_new_instances_show_within_seconds(engine: EmbeddedEngine) -> None:
    engine.deploy("orders", "1.5.0")
    engine.scale("orders", 2)
    found = wait_for(engine, 'up{service_version="1.5.0"} == 1', 2)
    assert labels(found) == {("orders", "1.5.0", "orders-1"), ("orders", "1.5.0", "orders-2")}
    engine.scale("orders", 1)
    engine.deploy("orders", "1.4.2")
    wait_for(engine, 'up{service_name="orders"}', 1)


def test_postgresql_and_the_machine_are_told_by_the_exporter(engine: EmbeddedEngine) -> None:
    wait_for(engine, "postgresql_up == 1", 1)
    wait_for(engine, 'process_count{process_executable_name="postgres"} > 1', 1)
    wait_for(engine, "system_cpu_logical_count >= 1", 1)


def test_series_go_on_and_do_not_double_when_prometheus_is_killed(engine: EmbeddedEngine) -> None:
    engine.signal("prometheus", "KILL")
    engine.restart("prometheus")
    wait_for(engine, "up == 1", 4)
    assert len(ask(engine, "count_over_time(up[10m])")) >= 3
    wait_for(engine, "count by (instance) (up) > 1", 0)


def test_a_killed_service_pages_in_time(engine: EmbeddedEngine) -> None:
    wait_for(engine, "up == 1", 4)
    engine.signal("inventory", "KILL")
    query = 'ALERTS{alertname="TargetDown",alertstate="firing",severity="page"}'
    (alert,) = wait_for(engine, query, 1, ALERT_SECONDS)
    assert alert["metric"]["service_instance_id"] == "inventory-1"
    engine.restart("inventory")
    wait_for(engine, query, 0)


@pytest.mark.parametrize("arguments", [["check", "rules"], ["test", "rules"]])
def test_the_rules_pass_promtool(arguments: list[str], tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on PATH")
    folder = resources() / "stack/prometheus"
    which = "rules" if arguments[0] == "check" else "tests"
    files = sorted((folder / which).glob("*.yml"))
    assert files
    done = subprocess.run(
        [promtool, *arguments, *map(str, files)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
    )
    assert done.returncode == 0, done.stdout + done.stderr
