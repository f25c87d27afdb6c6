"""The PromQL client against a real Prometheus: answers, placed errors, the scenarios' queries."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from obstack_lab.errors import QueryError
from obstack_lab.query import Promql
from obstack_lab.scenario.library import library
from obstack_lab.scenario.model import Scenario

pytestmark = pytest.mark.integration
PROGRAM = shutil.which("prometheus")


@pytest.fixture(scope="module")
def promql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Promql]:
    if PROGRAM is None:
        pytest.skip("no Prometheus on PATH")
    folder = tmp_path_factory.mktemp("prometheus")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "prometheus.yml"
    config.write_text(
        "global: {scrape_interval: 1s}\n"
        "scrape_configs:\n"
        f"  - {{job_name: self, static_configs: [{{targets: ['127.0.0.1:{port}']}}]}}\n"
    )
    url = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(
        [
            PROGRAM,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
        ],
        stderr=subprocess.DEVNULL,
    )
    try:
        client = Promql(url, {})
        _wait(url, client)
        yield client
        client.close()
    finally:
        process.terminate()
        process.wait(20)


def _wait(url: str, client: Promql) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/-/ready", timeout=1).is_success and len(client.instant("up")):
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("Prometheus did not scrape itself within 30 s")


def test_a_range_has_times_values_and_labels(promql: Promql) -> None:
    now = time.time()
    frame = promql.range("up", now - 5, now + 1, 1)
    assert list(frame) == ["time", "value", "__name__", "instance", "job"]
    assert set(frame.value) == {1.0}
    assert abs(frame.time.iloc[-1].timestamp() - now) < 2


@pytest.mark.parametrize(
    ("query", "caret"),
    [
        ("sum(up", "sum(up\n      ^"),
        ('up{é="ü"} +', None),
        ("rate(up)", "rate(up)\n     ^"),
        ("1 +\n  nope(up)", "  nope(up)\n  ^"),
    ],
)
def test_a_bad_query_is_shown_where_it_is_bad(
    promql: Promql, query: str, caret: str | None
) -> None:
    with pytest.raises(QueryError) as caught:
        promql.range(query, 0, 1, 1)
    assert "\n" not in str(caught.value)
    assert "parameter" not in str(caught.value)
    if caret is not None:
        assert caught.value.caret() == caret


def queries(scenario: Scenario) -> list[str]:
    found = [q for c in scenario.criteria for q in (c.query, c.traffic_query)]
    found += [hint.when for hint in scenario.hints if hint.when]
    return found + [e.query for e in scenario.evidence if e.language == "promql"]


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[2] / "scenarios").glob("*/")), ids=lambda p: p.name
)
def test_prometheus_understands_every_query_of_a_scenario(promql: Promql, path: Path) -> None:
    for query in queries(library().get(path.name).scenario):
        assert promql.instant(query).empty, f"without a shop there is no answer to {query}"
