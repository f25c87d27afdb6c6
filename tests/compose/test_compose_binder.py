"""The Binder rehearsal: checkout-stalls in 2 GB and on one CPU, by a plain user, without network.

It takes some minutes, so it runs where it is asked for: OBSTACK_TEST_REHEARSAL=1. What it has
measured it prints.
"""

from __future__ import annotations

import json
import os
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
    context = tmp_path_factory.mktemp("checkout")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, capture_output=True)
    subprocess.run(["tar", "-x", "-C", str(context)], input=archive.stdout, check=True)
    file = Path(__file__).parent / "stand_ins" / "binder" / "Dockerfile"
    build = ("build", "--quiet", "--network", "host", "--file", str(file), "--tag", IMAGE)
    engine.docker(*build, str(context), seconds=SECONDS)
    limits = ("--memory", "2g", "--memory-swap", "2g", "--cpus", "1", "--network", "none")
    tests = ("--volume", f"{ROOT / 'tests'}:/tests:ro")
    created = engine.docker("create", *limits, *tests, IMAGE, "python", "-c", PLAY).strip()
    yield created
    engine.docker("rm", "-f", "-v", created)


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
