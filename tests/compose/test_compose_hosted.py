"""Rehearsals of the places where others start the lab: Binder, and a dev container.

They take some minutes, so they run where they are asked for: OBSTACK_TEST_REHEARSAL=1. What they
have measured they print. A dev container needs the program `devcontainer` of dev containers' own
command line (npm's package `@devcontainers/cli`).
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker_engine import Engine as Docker

ROOT = Path(__file__).parents[2]
ASKED = "OBSTACK_TEST_REHEARSAL"
IMAGE = "obstack-test/binder"
STAND_INS = Path(__file__).parent / "stand_ins"
MOST = 1_200_000_000
SECONDS = 900
PLAY = """
import json, os, subprocess, sys
from pathlib import Path
from obstack_lab.settings import LabHome
sys.path[:0] = ["/tests", "/tests/compose"]
subprocess.run(["obstack-lab", "up", "--no-browser"], check=True, stdout=sys.stderr)
from incident import play
home = LabHome(Path(os.environ["OBSTACK_LAB_HOME"]))
played = play(home, "embedded")
print(json.dumps([os.getuid(), played.outcome, dict(played.verdicts)]))
subprocess.run(["obstack-lab", "down"], check=True, stdout=sys.stderr)
"""

pytestmark = [
    pytest.mark.skipif(not os.environ.get(ASKED), reason=f"it takes minutes: set {ASKED}=1"),
    pytest.mark.timeout(2 * SECONDS),
]


@pytest.fixture(scope="module")
def container(engine: Docker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A container of a checkout, made and not started."""
    context = checkout(tmp_path_factory.mktemp("checkout"))
    file = str(STAND_INS / "binder" / "Dockerfile")
    build = ("build", "--quiet", "--network", "host", "--file", file, "--tag", IMAGE)
    engine.docker(*build, str(context), seconds=SECONDS)
    limits = ("--memory", "2g", "--memory-swap", "2g", "--cpus", "1", "--network", "none")
    tests = ("--volume", f"{ROOT / 'tests'}:/tests:ro")
    created = engine.docker("create", *limits, *tests, IMAGE, "python", "-c", PLAY).strip()
    yield created
    engine.docker("rm", "-f", "-v", created)


def checkout(folder: Path) -> Path:
    """Put the files of the last commit there."""
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    return folder


def test_the_incident_is_played_in_what_binder_gives(
    engine: Docker, container: str, capsys: pytest.CaptureFixture[str]
) -> None:
    over, taken = threading.Event(), [0.0]

    def watch() -> None:
        while not over.wait(2):
            taken.append(memory(engine, container))

    engine.docker("start", container)
    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    code = engine.docker("wait", container, seconds=SECONDS).strip()
    over.set()
    watcher.join(60)
    said = engine.docker("logs", container)
    assert code == "0", said
    user, outcome, verdicts = json.loads(said.strip().splitlines()[-1])
    assert user == 1000
    assert outcome == "resolved"
    assert set(verdicts.values()) == {"pass"}
    with capsys.disabled():
        sys.stdout.write(f"\nBinder rehearsal: at most {max(taken) / 1e6:.0f} MB\n")
    assert 0 < max(taken) < MOST


def memory(engine: Docker, container: str) -> float:
    """Return what the container takes now, in bytes, without what may be dropped at any time."""
    told = engine.docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container)
    number = told.split("/")[0].strip()
    units = {"GiB": 2**30, "MiB": 2**20, "KiB": 2**10, "B": 1}
    unit = next((each for each in units if number.endswith(each)), "")
    return float(number.removesuffix(unit)) * units[unit] if unit else 0.0


def test_a_dev_container_has_a_lab_that_runs(engine: Docker, tmp_path: Path) -> None:
    program = shutil.which("devcontainer")
    if program is None:
        pytest.skip("no program devcontainer is on PATH")
    folder = checkout(tmp_path)
    subprocess.run(["chown", "-R", "1000:1000", str(folder)], check=True)
    said = json.loads((folder / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    stand_in = str(STAND_INS / "devcontainer")
    engine.docker("build", "--quiet", "--network", "host", "--tag", said["image"], stand_in)
    # The engine of these tests has no bridge; nothing else is changed.
    config = tmp_path / "devcontainer.json"
    config.write_text(json.dumps({**said, "runArgs": ["--network=host"]}), encoding="utf-8")
    where = ("--workspace-folder", str(folder), "--override-config", str(config))

    def call(verb: str, *words: str) -> str:
        argv = [program, verb, *where, "--docker-path", str(engine.folder / "bin" / "docker")]
        if verb == "up":  # its user has the uid already that the files have
            argv += ["--update-remote-user-uid-default", "off"]
        done = subprocess.run(
            [*argv, *words],
            env=engine.environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    made = json.loads(call("up").strip().splitlines()[-1])
    try:
        assert (made["outcome"], made["remoteUser"]) == ("success", "vscode")
        call("exec", "./lab", "status")
        call("exec", "./lab", "down")
    finally:
        engine.docker("rm", "-f", "-v", made["containerId"])
