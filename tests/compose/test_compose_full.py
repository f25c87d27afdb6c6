"""The profile `full` with real Loki, Tempo and Collector, where their programs are at hand.

No Grafana is at hand anywhere: one that asks as its data sources do stands in for it.
"""

from __future__ import annotations

import functools
import os
import shutil
import socketserver
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest
import waiting
from docker_engine import Engine as Docker

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.compose import ComposeEngine
from obstack_lab.engine.compose.image import images
from obstack_lab.engine.compose.reap import wipe
from obstack_lab.engine.interface import Engine, Stack
from obstack_lab.orchestrator.listener import Listener
from obstack_lab.settings import LabHome
from obstack_lab.state import new_lab_id

pytestmark = pytest.mark.usefixtures("environment")

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
PROGRAMS = {
    "loki": ("OBSTACK_TEST_LOKI", "loki", "/usr/bin/loki", "/loki"),
    "tempo": ("OBSTACK_TEST_TEMPO", "tempo", "/tempo", "/var/tempo"),
    "collector": ("OBSTACK_TEST_COLLECTOR", "otelcol", "/otelcol", "/data"),
}
"""Name: where to find its program, and two paths of its public image: the program's, its data's."""
STAND_IN = Path(__file__).parent / "stand_ins" / "grafana"
TOKEN = "the-token-of-this-lab"


class Orchestrator(socketserver.ThreadingUnixStreamServer):
    """Stands in for the orchestrator at its door: keeps who came with which token."""

    daemon_threads = True

    def __init__(self, listener: Listener) -> None:
        self.asked: list[tuple[str, str]] = []
        asked = self.asked

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append((self.path, self.headers.get("Authorization", "")))
                self.send_response(200)
                self.end_headers()

            def address_string(self) -> str:
                return "a container"

        super().__init__("", Handler, bind_and_activate=False)
        self.socket.close()
        self.socket = listener.sockets[-1]
        self.server_activate()
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def full(
    engine: Docker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Engine, Orchestrator]]:
    named = images({}, full=True)
    for name, (variable, command, inside, data) in PROGRAMS.items():
        program = os.environ.get(variable) or shutil.which(command)
        if not program:
            pytest.skip(f"no program of {name}: {command} is not on PATH, {variable} is not set")
        context = tmp_path_factory.mktemp(name)
        image = named[f"LAB_{name.upper()}_IMAGE"]
        _build(engine, image, Path(program), context, inside=inside, data=data)
    engine.docker("build", "--quiet", "--tag", named["LAB_GRAFANA_IMAGE"], str(STAND_IN))
    home = LabHome(tmp_path_factory.mktemp("full"))
    home.create()
    listener = Listener()
    listener.open_door(home.door)
    orchestrator = Orchestrator(listener)
    made = ComposeEngine(home, new_lab_id(), full=True, callback=Callback(listener.url, TOKEN))
    try:
        made.start(STACK, lambda _: None)
        yield made, orchestrator
    finally:
        made.stop()
        orchestrator.shutdown()
        listener.close()
        wipe(home)


def _build(
    engine: Docker, image: str, program: Path, context: Path, *, inside: str, data: str
) -> None:
    """Make an image that is as bare as the public one: the program, its folder, nothing else."""
    shutil.copy(program, context / "program")
    (context / "empty").mkdir()
    (context / "Dockerfile").write_text(
        f"FROM scratch\nCOPY --chmod=755 program {inside}\n"
        f'COPY --chown=10001:10001 empty {data}\nUSER 10001\nENTRYPOINT ["{inside}"]\n',
        encoding="ascii",
    )
    engine.docker("build", "--quiet", "--tag", image, str(context))


comes = functools.partial(waiting.comes, seconds=60.0, pause=0.2)


def ask(engine: Engine, component: str, path: str, **params: str) -> Mapping[str, object]:
    answer = httpx.get(
        f"{engine.address(component)}{path}", params=params, timeout=20, trust_env=False
    )
    found: Mapping[str, object] = answer.json() if answer.is_success else {}
    return found


def test_logs_are_in_loki_and_traces_in_tempo(full: tuple[Engine, Orchestrator]) -> None:
    lab, _ = full
    (store,) = [each for each in lab.components() if each.name == "telemetry"]
    assert {each.name for each in store.children} == {"loki", "tempo", "collector"}
    httpx.get(f"{lab.address('gateway')}/catalogue", timeout=20, trust_env=False)

    def lines() -> object:
        data = ask(lab, "loki", "/loki/api/v1/query_range", query='{service_name="orders"}')
        return data and data["data"]["result"]

    def traces() -> object:
        query = '{ resource.service.name = "gateway" }'
        return ask(lab, "tempo", "/api/search", q=query).get("traces")

    assert comes(lines)
    assert comes(traces)


def test_grafana_asks_the_orchestrator_by_the_door(full: tuple[Engine, Orchestrator]) -> None:
    lab, orchestrator = full
    (grafana,) = [each for each in lab.components() if each.name == "grafana"]
    assert grafana.state == "healthy"
    assert grafana.address.startswith("http://127.0.0.1:")
    asked = "/v1/telemetry/prometheus/api/v1/query?query=up"
    assert (asked, f"Bearer {TOKEN}") in orchestrator.asked
