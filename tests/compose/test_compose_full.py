"""The profile `full` with the real Loki and the real Tempo, where their programs are at hand."""

from __future__ import annotations

import functools
import os
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import pytest
import waiting
from docker_engine import Engine as Docker

from obstack_lab.engine.compose import ComposeEngine
from obstack_lab.engine.compose.image import images
from obstack_lab.engine.compose.reap import wipe
from obstack_lab.engine.interface import Engine, Stack
from obstack_lab.settings import LabHome, new_lab_id

pytestmark = pytest.mark.usefixtures("environment")

STACK = Stack(services={"gateway": "2.3.1", "orders": "1.4.2", "inventory": "3.1.0"})
PROGRAMS = {
    "loki": ("OBSTACK_TEST_LOKI", "/usr/bin/loki", "/loki"),
    "tempo": ("OBSTACK_TEST_TEMPO", "/tempo", "/var/tempo"),
}
"""Name: where to find its program, and the two paths that its public image has."""


@pytest.fixture(scope="module")
def full(engine: Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    for name, (variable, inside, data) in PROGRAMS.items():
        program = os.environ.get(variable) or shutil.which(name)
        if not program:
            pytest.skip(f"no program of {name}: it is not on PATH, and {variable} is not set")
        image = images({}, full=True)[f"LAB_{name.upper()}_IMAGE"]
        context = tmp_path_factory.mktemp(name)
        _build(engine, image, Path(program), context, inside=inside, data=data)
    home = LabHome(tmp_path_factory.mktemp("full"))
    made = ComposeEngine(home, new_lab_id(), full=True)
    try:
        made.start(STACK, lambda _: None)
        yield made
    finally:
        made.stop()
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


def test_logs_are_in_loki_and_traces_in_tempo(full: Engine) -> None:
    (store,) = [each for each in full.components() if each.name == "telemetry"]
    assert {each.name for each in store.children} == {"loki", "tempo"}
    httpx.get(f"{full.address('gateway')}/catalogue", timeout=20, trust_env=False)

    def lines() -> object:
        data = ask(full, "loki", "/loki/api/v1/query_range", query='{service_name="orders"}')
        return data and data["data"]["result"]

    def traces() -> object:
        query = '{ resource.service.name = "gateway" }'
        return ask(full, "tempo", "/api/search", q=query).get("traces")

    assert comes(lines)
    assert comes(traces)
