"""A disk that fills up during a run: one clear line, the lab goes on, and nothing told is lost."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import waiting

from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.client import Client
from obstack_lab.review.journal import NoteEntry
from obstack_lab.settings import LabHome

pytestmark = pytest.mark.integration

SCENARIO = "checkout-stalls"
SIZE = "480m"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, too small for long."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() != 0 or shutil.which("mount") is None:
        pytest.skip("mounting needs root")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=755", "tmpfs", str(place)],
        capture_output=True,
        timeout=20,
        check=False,
    )
    if done.returncode:
        pytest.skip("this machine does not let root mount (a container without the right)")
    yield place
    subprocess.run(["umount", "-l", str(place)], timeout=20, check=True)


@pytest.fixture
def client(disk: Path) -> Iterator[Client]:
    home = LabHome(disk / "lab")
    state = daemon.launch(home)
    with Client(state, timeout=30) as client:
        yield client
    daemon.shutdown(home)


wait_for = functools.partial(waiting.wait_for, seconds=60, pause=0.2)


def fill(place: Path) -> Path:
    """Leave no byte free."""
    filler = place / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    return filler


def mend(client: Client) -> bool:
    """Restart what did not outlive it, as an operator would; say whether all is healthy."""
    for component in client.components():
        if component.state == "failed":
            client.restart(component.name)
    return client.status().healthy


def test_a_disk_that_is_full_for_a_while_is_told_and_loses_nothing(
    client: Client, disk: Path
) -> None:
    client.create_run(SCENARIO)
    client.note("before")
    wait_for("users come", lambda: client.impact().requests > 20)

    filler = fill(disk)
    heard: list[str] = []

    def told() -> bool:
        heard.append(client.status().trouble)
        return "full" in heard[-1] or "space" in heard[-1]

    wait_for("the lab tells it", told)
    assert "\n" not in heard[-1]
    client.note("meanwhile")
    assert client.run().phase == "baseline"

    filler.unlink()
    wait_for("the trouble is over", lambda: not client.status().trouble)
    client.note("afterwards")
    wait_for("all is healthy again", lambda: mend(client))
    before = client.impact().requests
    wait_for("users come again", lambda: client.impact().requests > before)
    notes = [e.text for e in client.journal().entries if isinstance(e, NoteEntry)]
    assert notes == ["before", "meanwhile", "afterwards"]
    assert client.finish().phase == "ended"
