"""Bad input to a running lab: each gets one clear line, and the lab goes on.

The lab lives in a directory with spaces and umlauts, and was started by the command line.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome
from obstack_lab.state import LabState, read_state

pytestmark = pytest.mark.integration

SCENARIO = "checkout-stalls"
NOBODY = 65534


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        return self.err.splitlines()

    def json(self) -> Any:
        def refuse(constant: str) -> None:
            raise AssertionError(f"{constant} is not JSON")

        return json.loads(self.out, parse_constant=refuse)


def command(
    home: Path, *arguments: str, under: tuple[str, ...] = (), path: str | None = None
) -> Done:
    environment = os.environ | {"OBSTACK_LAB_HOME": str(home), "PYTHONSAFEPATH": "1"}
    done = subprocess.run(
        [*under, sys.executable, "-m", "obstack_lab.cli", *arguments],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
        env=environment | ({"PATH": path} if path is not None else {}),
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("lab") / "Mein Übungs-Lab, größer & schöner"
    up = command(folder, "up", "--no-browser", "--json")
    assert up.code == 0, up
    assert up.json()["engine"] == "embedded"
    yield folder
    state = read_state(LabHome(folder))
    down = command(folder, "down", "--json")
    assert down.json() == {"stopped": True, "jupyter_stopped": True, "wiped": False}
    assert state is not None
    deadline = time.monotonic() + 20
    while left := daemon.processes(state.lab_id):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)


@pytest.fixture(scope="module")
def state(home: Path) -> LabState:
    found = read_state(LabHome(home))
    assert found is not None
    return found


def settled(client: Client) -> bool:
    orders = next(c for c in client.components() if c.name == "orders")
    return (orders.release, orders.state) == ("1.5.0", "healthy")


@pytest.fixture(scope="module")
def client(state: LabState) -> Iterator[Client]:
    """A run whose incident has begun, for the whole module."""
    with Client(state) as client:
        client.create_run(SCENARIO)
        client.start()
        deadline = time.monotonic() + 60
        while not settled(client):
            assert time.monotonic() < deadline, "the incident's change is not in place"
            time.sleep(0.2)
        yield client


@pytest.fixture(scope="module")
def lab(home: Path, client: Client) -> Callable[..., Done]:
    return lambda *arguments: command(home, *arguments)


@pytest.fixture(autouse=True)
def the_lab_goes_on(request: pytest.FixtureRequest) -> Iterator[None]:
    """After every bad input: nothing died, nothing stumbled, users still come."""
    yield
    if "client" not in request.fixturenames:
        return
    client: Client = request.getfixturevalue("client")
    if client.run().phase == "ended":
        return
    now = client.status()
    assert [c.name for c in now.components if c.state in {"failed", "stopped"}] == []
    before = client.impact().requests
    deadline = time.monotonic() + 30
    while client.impact().requests == before:
        assert time.monotonic() < deadline, "no user comes any more"
        time.sleep(0.2)
    while trouble := client.status().trouble:
        assert time.monotonic() < deadline, f"the conductor stumbles on: {trouble}"
        time.sleep(0.2)


@pytest.mark.parametrize(
    ("language", "query"),
    [
        ("promql", "sum(rate(up[5m]"),
        ("promql", 'up{service_name=~"("}'),
        ("promql", "nonsense(up)"),
        ("promql", "up\n + sum(\nup"),
        ("logql", '{service_name="orders"} | jso'),
        ("logql", '{service_name="orders"'),
        ("logql", "rate({a='b'})"),
        ("traceql", "{ resource.service.name = }"),
        ("traceql", "{ duration > 1parsec }"),
        ("traceql", "nonsense"),
    ],
)
def test_a_query_that_does_not_parse_is_one_line_and_a_caret(
    lab: Callable[..., Done], language: str, query: str
) -> None:
    done = lab("query", language, query)
    assert (done.code, done.out) == (2, "")
    said, shown, caret = done.lines
    assert said.startswith("lab: ")
    assert shown in query.splitlines()
    assert caret.strip() == "^"
    assert len(caret) <= len(shown) + 1


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        (["set_config", "service=orders", "db_pool_size=9999"], "from 1 to 64"),
        (["set_config", "service=orders", "db_pool_size=many"], "a whole number from 1 to 64"),
        (["set_config", "service=orders", "log_level=loud"], "one of debug, info"),
        (["set_config", "service=orders", "fault=1"], "There is no 'fault' here. Known: "),
        (["set_config", "service=orders"], "Say which setting of orders"),
        (["set_config", "service=nonsense", "db_pool_size=4"], "'nonsense' is not a service here"),
        (["set_config", "db_pool_size=4"], "say which service"),
        (["rollback", "service=orders", "release=1.4.2"], "There is no 'release' here"),
        (["rollback", "service=gateway"], "no earlier release"),
        (["nonsense", "service=orders"], "'nonsense' is not in this scenario's toolkit"),
        (["scale", "service=orders", "instances=0"], "'scale' is not in this scenario's toolkit"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_an_action_that_cannot_be_done_is_one_line(
    lab: Callable[..., Done], client: Client, parameters: list[str], said: str
) -> None:
    before = dict(client.config("orders").values)
    done = lab("fix", *parameters)
    assert (done.code, done.out, len(done.lines)) == (2, "", 1), done
    assert said in done.err
    assert dict(client.config("orders").values) == before


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"db_pool_size": 9999}', "from 1 to 64"),
        ('{"db_pool_size": -1}', "from 1 to 64"),
        ('{"db_pool_size": "4"}', "a whole number"),
        ('{"db_pool_size": 4.5}', "a whole number"),
        ('{"db_pool_size": true}', "a whole number"),
        ('{"db_pool_size": null}', "db_pool_size"),
        ('{"db_pool_timeout": NaN}', ""),
        ('{"db_pool_timeout": 1e400}', ""),
        ('{"nonsense": 1}', "There is no 'nonsense' here"),
        ("[]", "dictionary"),
        ("nonsense", "JSON"),
        ("", "required"),
    ],
)
def test_settings_out_of_range_are_refused_over_http(
    state: LabState, client: Client, body: str, said: str
) -> None:
    before = dict(client.config("orders").values)
    answer = httpx.patch(
        f"{state.url}/v1/components/orders/config",
        content=body,
        headers=client.headers | {"content-type": "application/json"},
        timeout=30,
    )
    assert answer.status_code == 422, answer.text
    detail = answer.json()["detail"]
    assert said in detail
    assert "\n" not in detail
    assert dict(client.config("orders").values) == before


@pytest.mark.parametrize(
    ("asked", "body", "status"),
    [
        ("GET /v1/runs/nonsense", None, 404),
        ("GET /v1/scenarios/nonsense", None, 404),
        ("GET /v1/scenarios/..%2f..%2fetc", None, 404),
        ("GET /v1/components/nonsense/logs", None, 404),
        ("GET /v1/components/orders/logs?lines=0", None, 422),
        ("GET /v1/components/postgres/config", None, 404),
        ("POST /v1/components/postgres/scale", {"instances": 2}, 404),
        ("POST /v1/components/orders/scale", {"instances": 9999}, 422),
        ("POST /v1/components/orders/scale", {"instances": -1}, 422),
        ("POST /v1/components/orders/signal", {"signal": "NONSENSE"}, 422),
        ("GET /v1/runs/current/journal?after=-1", None, 422),
        ("GET /v1/runs/current/review", None, 409),
        ("POST /v1/runs", {"scenario": "nonsense"}, 404),
        ("POST /v1/runs", {"scenario": SCENARIO, "speed": 0}, 422),
        ("POST /v1/runs", {}, 422),
        ("POST /v1/runs", {"scenario": SCENARIO}, 409),
        ("POST /v1/runs/current/alerts/nonsense/acknowledge", None, 404),
        ("POST /v1/runs/current/declare", {"severity": "terrible"}, 422),
        ("POST /v1/runs/current/notes", {"text": ""}, 422),
        ("PUT /v1/runs/current/writeup", {"answers": {"nonsense": "x"}}, 422),
        ("PUT /v1/runs/current/writeup", {"answers": {"component": "x"}}, 422),
        ("POST /v1/sql", {"query": "selct 1"}, 400),
        ("POST /v1/sql", {"query": "delete from orders"}, 400),
        ("POST /v1/sql", {"query": ""}, 422),
        ("GET /v1/telemetry/prometheus/api/v1/query?query=up%20%2B", None, 400),
        ("GET /v1/telemetry/loki/loki/api/v1/query_range?query=%7B", None, 400),
        ("GET /v1/telemetry/tempo/api/search?q=%7B", None, 400),
        ("GET /v1/telemetry/nonsense/api", None, 422),
        ("POST /v1/telemetry/prometheus/-/quit", None, 422),
    ],
)
def test_what_cannot_be_asked_is_a_4xx_with_a_detail(
    state: LabState, client: Client, asked: str, body: object, status: int
) -> None:
    method, path = asked.split()
    answer = httpx.request(
        method, f"{state.url}{path}", json=body, headers=client.headers, timeout=30
    )
    assert answer.status_code == status, answer.text
    if "/telemetry/" in path and status == 400:  # the native answer of the language
        assert len(answer.text) > 10
        return
    detail = answer.json()["detail"]
    assert detail
    assert "\n" not in detail
    assert "Traceback" not in detail


def test_a_second_run_is_refused_while_one_is_active(
    lab: Callable[..., Done], client: Client
) -> None:
    active = client.run().id
    done = lab("run", SCENARIO)
    assert (done.code, len(done.lines)) == (2, 1), done
    assert active in done.err
    assert "./lab finish" in done.err
    assert client.run().id == active


@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"authorization": ""}, 401, "missing"),
        ({"authorization": "Bearer wrong"}, 401, "wrong"),
        ({"authorization": "Basic eDp5"}, 401, "missing"),
        ({"host": "evil.example"}, 403, "Host"),
        ({"origin": "http://evil.example"}, 403, "Origin"),
        ({"origin": "null"}, 403, "Origin"),
    ],
)
def test_who_may_not_come_in_hears_why(
    state: LabState, client: Client, headers: dict[str, str], status: int, said: str
) -> None:
    good = {"authorization": f"Bearer {state.token}"}
    for method, path in (("GET", "/v1/status"), ("POST", "/v1/runs/current/finish")):
        answer = httpx.request(method, f"{state.url}{path}", headers=good | headers, timeout=30)
        assert answer.status_code == status
        assert said in answer.json()["detail"]
    assert client.run().phase != "ended"


def test_the_token_of_another_lab_is_refused_in_one_line(
    state: LabState, home: Path, client: Client, tmp_path: Path
) -> None:
    forged = state.model_copy(update={"token": "x" * len(state.token)})
    (tmp_path / "state.json").write_text(forged.model_dump_json())
    done = command(tmp_path, "status")
    assert done.code == 1
    assert len(done.lines) == 1


def test_up_attaches_and_does_not_move_the_notebook_server(lab: Callable[..., Done]) -> None:
    again = lab("up", "--no-browser", "--json")
    assert again.code == 0
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = lab("up", "--no-browser", "--port", port)
    assert (done.code, len(done.lines)) == (2, 1)
    assert "already" in done.err


def test_every_verb_answers_in_json(lab: Callable[..., Done], client: Client) -> None:
    for arguments in (
        ["status"],
        ["status", "--resources"],
        ["logs", "orders"],
        ["logs"],
        ["query", "promql", "up / 0 - up / 0"],
        ["query", "promql", "0 - up / 0", "--last", "1m"],
        ["query", "logql", '{service_name="orders"} | json'],
        ["query", "logql", 'sum(count_over_time({service_name="orders"}[10s]))'],
        ["query", "traceql", "{}"],
        ["query", "promql", "nothing_of_this_name"],
        ["fix", "set_config", "service=orders", "db_pool_size=5"],
    ):
        done = lab(*arguments, "--json")
        assert done.code in {0, 1} if arguments[0] == "status" else done.code == 0, done
        assert done.json() is not None
        assert done.err == ""


def test_a_run_that_is_over_takes_nothing_more(lab: Callable[..., Done], home: Path) -> None:
    early = lab("review")
    assert (early.code, len(early.lines)) == (2, 1)
    assert lab("finish", "--json").json()["phase"] == "ended"
    assert lab("review", "--json").json()["run"]
    nowhere = lab("review", "--html", "/nowhere/review.html")
    assert (nowhere.code, len(nowhere.lines)) == (1, 1)
    late = lab("fix", "rollback", "service=orders")
    assert (late.code, len(late.lines)) == (2, 1)
    assert "has ended" in late.err


# --- places where no lab can live ---


def as_nobody() -> tuple[str, ...]:
    """Return what makes a command a plain user's, nothing where we are one."""
    if os.geteuid() != 0:
        return ()
    found = shutil.which("setpriv")
    if found is None:
        pytest.skip("root may write everywhere, and there is no setpriv to be someone else")
    program = Path(sys.executable)
    if not all(folder.stat().st_mode & 0o005 for folder in program.parents):
        pytest.skip(f"a plain user cannot reach {program}")
    return (found, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")


@pytest.mark.parametrize("verb", [["up", "--no-browser"], ["run", SCENARIO]], ids=" ".join)
def test_a_read_only_directory_is_one_line(tmp_path: Path, verb: list[str]) -> None:
    with_rights = as_nobody()
    for folder in (tmp_path, *tmp_path.parents[:2]):
        folder.chmod(0o755)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o555)
    done = command(closed / "lab", *verb, under=with_rights)
    assert (done.code, done.out, len(done.lines)) == (2, "", 1), done
    assert "OBSTACK_LAB_HOME" in done.err


def mounted() -> tuple[str, ...]:
    """Return what gives a command mounts of its own; skip where that is not ours to do."""
    unshare = shutil.which("unshare")
    if os.geteuid() != 0 or unshare is None:
        pytest.skip("mounting needs root and unshare")
    if subprocess.run([unshare, "-m", "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine does not let root mount (a container without the right)")
    return (unshare, "-m", "sh", "-ec")


def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    place = tmp_path / "small"
    place.mkdir()
    script = f"mount -t tmpfs -o size=1m tmpfs '{place}'; exec \"$@\""
    done = command(place / "lab", "up", "--no-browser", under=(*mounted(), script, "sh"))
    assert (done.code, done.out, len(done.lines)) == (1, "", 1), done
    assert "MB are free" in done.err
    assert "OBSTACK_LAB_HOME" in done.err


def test_without_prometheus_one_line_says_what_to_install(tmp_path: Path) -> None:
    hidden = tmp_path / "not-a-program"
    hidden.touch(mode=0o644)
    hide = "".join(
        f"mount --bind '{hidden}' {folder}/prometheus; "
        for folder in ("/usr/bin", "/usr/sbin", "/usr/local/bin", "/opt/homebrew/bin")
        if Path(folder, "prometheus").exists()
    )
    with_mounts = mounted()
    checkout = Path(__file__).parents[2] / ".obstack-lab/programs/usr/bin/prometheus"
    if checkout.exists():
        pytest.skip("the checkout has a Prometheus of its own")
    done = command(
        tmp_path / "lab",
        *("up", "--no-browser"),
        under=(*with_mounts, f'{hide}PATH={tmp_path}; exec "$@"', "sh"),
    )
    assert (done.code, done.out, len(done.lines)) == (1, "", 1), done
    assert "'prometheus' was not found" in done.err
    assert "install the package" in done.err
    left = read_state(LabHome(tmp_path / "lab"))
    assert left is None
