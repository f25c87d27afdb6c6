"""Which engine is chosen, what Docker must be able to do, and what a lab's own file says."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from obstack_lab.engine.choice import choose
from obstack_lab.engine.compose.capability import Capability, look
from obstack_lab.engine.compose.edge import door
from obstack_lab.engine.compose.image import images, missing, need
from obstack_lab.engine.compose.owner import lives, owner
from obstack_lab.engine.compose.project import Project, project_name
from obstack_lab.engine.topology import ROUTES
from obstack_lab.errors import EngineError
from obstack_lab.settings import LabHome

ROOT = Path(__file__).parents[3]
SERVER = {"Version": "26.1.5", "ApiVersion": "1.45"}
INFO = {"Driver": "overlay2", "CgroupVersion": "2", "MemoryLimit": True, "PidsLimit": True}


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """A socket that is there, as an engine's would be."""
    path = tmp_path / "docker.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        yield path


def program(folder: Path, answers: Mapping[str, str]) -> dict[str, str]:
    """Put a `docker` on PATH that answers by its first word; return the environment."""
    cases = "\n".join(f"    *' {word} '*) echo '{said}';;" for word, said in answers.items())
    script = folder / "docker"
    script.write_text(f'#!/bin/sh\ncase " $* " in\n{cases}\n    *) exit 1;;\nesac\n', "utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    return {"PATH": f"{folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def test_no_program_and_no_engine_are_told_with_the_next_step(tmp_path: Path) -> None:
    without = look({"PATH": str(tmp_path)})
    assert without.problem.endswith("Install Docker, or use `--engine embedded`.")
    told = {**program(tmp_path, {}), "DOCKER_HOST": f"unix://{tmp_path}/nobody.sock"}
    began = time.monotonic()
    nobody = look(told)
    assert "nobody.sock is not there" in nobody.problem
    assert "Start Docker" in nobody.problem
    assert nobody.rows[0].found == nobody.reason
    assert time.monotonic() - began < 20, "a socket that is not there is not waited for"


@pytest.mark.parametrize(
    ("server", "compose", "problem"),
    [
        (SERVER, "2.26.1-4", ""),
        ({**SERVER, "ApiVersion": "1.41"}, "2.26.1", "has API 1.41, and 1.44 is needed"),
        (SERVER, "2.18.0", "Compose 2.18.0 is too old"),
    ],
)
def test_an_engine_must_be_new_enough(
    tmp_path: Path, listening: Path, server: dict[str, str], compose: str, problem: str
) -> None:
    answers = {"version --format": json.dumps(server), "compose version": compose}
    answers["info"] = json.dumps(INFO)
    told = {**program(tmp_path, answers), "DOCKER_HOST": f"unix://{listening}"}
    found = look(told)
    assert (problem in found.problem) if problem else found.problem == ""
    if not problem:
        assert "no limit of cpu" in found.rows[-1].found


def test_auto_takes_processes_where_no_engine_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_HOST", "unix:///nobody/docker.sock")
    chosen = choose("auto")
    assert chosen.name == "embedded"
    assert chosen.why
    with pytest.raises(EngineError, match="`--engine embedded`"):
        choose("compose")


def test_what_may_be_a_program_of_this_machine_is_one_unless_containers_were_asked_for() -> None:
    assert choose("auto", native=True).name == "embedded"
    assert choose("auto", pager=True).name == "embedded"


def test_full_has_loki_and_tempo_in_the_place_of_our_store() -> None:
    light, full = images({}), images({}, full=True)
    assert "LAB_TELEMETRY_IMAGE" in light.keys() - full.keys()
    added = {f"LAB_{name}_IMAGE" for name in ("LOKI", "TEMPO", "COLLECTOR", "GRAFANA")}
    assert full.keys() - light.keys() == added
    assert images({}, pager=True).keys() - light.keys() == {"LAB_ALERTMANAGER_IMAGE"}


def test_the_images_are_those_that_the_stacks_file_names() -> None:
    """A variable's default stands in both: one cannot change without the other."""
    file = (ROOT / "stack" / "compose.yaml").read_text(encoding="utf-8")
    named = dict(re.findall(r"\$\{(LAB_\w+_IMAGE):-([^}]+)\}", file))
    assert {**images({}), **images({}, full=True), **images({}, pager=True)} == named


def test_missing_images_of_our_own_are_built_and_others_fetched() -> None:
    wanted = images({"LAB_POSTGRES_IMAGE": "other/postgres"})
    here = [wanted["LAB_SUT_IMAGE"], wanted["LAB_TELEMETRY_IMAGE"], "other/postgres:latest"]
    assert missing(wanted, here) == ("LAB_PROMETHEUS_IMAGE",)
    assert need(wanted, here) == (wanted["LAB_PROMETHEUS_IMAGE"],)
    with pytest.raises(EngineError, match="stack/build-images"):
        need(wanted, here[1:])


def test_an_owner_is_known_by_pid_start_and_where_they_count() -> None:
    mine = owner()
    assert lives(mine)
    pid, started, world = mine.split(" ", 2)
    assert not lives(f"{pid} {float(started) - 100} {world}")
    assert not lives(f"{max(psutil.pids()) + 4_000_000} {started} {world}")
    assert lives("1 1.0 another-machine pid:[1]"), "who cannot be seen is left alone"
    assert lives("nonsense")


def test_each_directory_is_a_project_of_its_own(tmp_path: Path) -> None:
    one, other = LabHome(tmp_path / "one"), LabHome(tmp_path / "other")
    assert project_name(one) == project_name(one) != project_name(other)


def test_every_route_has_a_door_of_its_own() -> None:
    doors = {door(route.name) for route in ROUTES}
    assert len(doors) == len(ROUTES)
    assert door("orders-postgres").startswith("database:")


def test_containers_asked_for_together_are_made_by_one_command(tmp_path: Path) -> None:
    told = program(tmp_path, {"compose": ""})
    capability = Capability(str(tmp_path / "docker"), "unix:///x", ())
    home = LabHome(tmp_path / "lab")
    home.create()
    project = Project(home, capability, told)
    spec = {"environment": {"DATABASE_URL": "postgresql://shop:pa$word@database:9002/shop"}}
    project.create({"orders-1": spec})
    said = json.loads(project.file.read_bytes())
    assert said["name"] == project_name(home)
    made = said["services"]["orders-1"]
    assert "pa$$word" in made["environment"]["DATABASE_URL"], "no variable of Compose's own"
    assert made["labels"]["obstack-lab.owner"] == owner()
    assert project.file.stat().st_mode & 0o077 == 0


def test_a_command_that_fails_is_one_line(tmp_path: Path) -> None:
    capability = Capability("/bin/false", "unix:///x", ())
    home = LabHome(tmp_path / "lab")
    home.create()
    with pytest.raises(EngineError, match="Docker Compose refuses: no reason given"):
        Project(home, capability, {}).create({"orders-1": {}})


def test_the_images_have_what_the_project_asks_for() -> None:
    asked = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    for image in ("sut", "telemetry"):
        lines = (ROOT / f"stack/images/{image}/requirements.txt").read_text("utf-8").splitlines()
        for line in lines:
            if not line.startswith("#"):
                assert f'"{line}"' in asked, f"{image} asks for {line}, the project does not"
