"""A Python that has the package from its wheel: `./lab` uses it, as root and as a plain user."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from obstack_lab.orchestrator import daemon
from obstack_lab.settings import LabHome
from obstack_lab.state import read_state

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NOBODY = 65534
_NOT_SOURCE = ("data", "__pycache__", ".venv", ".obstack-lab", ".git", ".*_cache", "tests")


@pytest.fixture(scope="module")
def place() -> Iterator[Path]:
    """A folder that any user can enter."""
    folder = Path(tempfile.mkdtemp(prefix="ways to stärt "))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def installed(place: Path) -> Path:
    """What the wheel installs, in a folder of its own; skipped where no wheel can be built."""
    source = shutil.copytree(ROOT, place / "source", ignore=shutil.ignore_patterns(*_NOT_SOURCE))
    wheels = place / "wheels"
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    build = (
        [uv, "build", "--wheel", "--out-dir", str(wheels), str(source)]
        if uv
        else [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", str(wheels), str(source)]
    )
    done = subprocess.run(build, capture_output=True, text=True, timeout=120, check=False)
    if done.returncode:
        pytest.skip(f"no wheel can be built here: {done.stderr.strip()[-300:]}")
    (wheel,) = wheels.glob("*.whl")
    site = place / "site"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    for path in (site, *site.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return site


def test_the_wheel_brings_scenarios_stack_and_notebooks(installed: Path) -> None:
    share = installed / "obstack_lab" / "_share"
    assert (share / "scenarios/checkout-stalls/scenario.yaml").is_file()
    assert (share / "stack/prometheus/prometheus.yml").is_file()
    assert (share / "notebooks/00_start_here.ipynb").is_file()
    tracked = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "obstack_lab", "sut", ":!obstack_lab/panels/ui"],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    ).stdout.split("\n")
    lacking = [f for f in tracked if f and (ROOT / f).exists() and not (installed / f).exists()]
    assert lacking == []


def ways() -> list[tuple[str, tuple[str, ...]]]:
    if os.geteuid() != 0:
        return [("as a plain user", ())]
    user = ("setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups")
    return [("as root", ()), ("as a plain user", user)]


def python_for(folder: Path, under: tuple[str, ...]) -> Path:
    """Return a folder whose python3 this user can run, of our version: packages are compiled."""
    for candidate in (Path(sys.executable).resolve(), Path("/usr/bin/python3")):
        ask = "import sys; print(sys.version_info[:2])"
        done = subprocess.run(
            [*under, str(candidate), "-I", "-c", ask],
            capture_output=True,
            text=True,
            check=False,
            timeout=20,
        )
        if done.stdout.strip() == str(sys.version_info[:2]):
            (folder / "bin").mkdir()
            (folder / "bin" / "python3").symlink_to(candidate)
            return folder / "bin"
    version = ".".join(map(str, sys.version_info[:2]))
    pytest.skip(f"there is no Python {version} here that a plain user can run")


@pytest.mark.parametrize(("who", "under"), ways(), ids=lambda value: value or "")
def test_a_python_that_has_the_package_starts_the_lab(
    installed: Path, place: Path, who: str, under: tuple[str, ...]
) -> None:
    if under and shutil.which(under[0]) is None:
        pytest.skip("root alone here: there is no setpriv to be someone else")
    folder = place / who
    folder.mkdir()
    shutil.copy(ROOT / "lab", folder / "lab")
    if under:
        os.chown(folder, NOBODY, NOBODY)
    environment = {
        "PATH": f"{python_for(folder, under)}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "PYTHONPATH": f"{installed}{os.pathsep}{sysconfig.get_path('purelib')}",
        "LANG": "C.UTF-8",
    }

    def lab(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*under, str(folder / "lab"), *arguments],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            cwd=folder,
            env=environment,
        )

    library = lab("scenarios", "list", "--json")
    assert [s["id"] for s in json.loads(library.stdout)], library.stderr
    assert not (folder / ".venv").exists(), "a Python that has the package is used as it is"
    home = LabHome(folder / ".obstack-lab")
    try:
        up = lab("up", "--no-browser", "--json")
        assert up.returncode == 0, up.stderr
        deadline = time.monotonic() + 30
        while lab("status", "--json").returncode != 0:
            assert time.monotonic() < deadline, "the lab is not healthy"
        doctor = json.loads(lab("doctor", "--json").stdout)["findings"]
        assert [f["what"] for f in doctor if f["state"] == "missing"] == []
        state = read_state(home)
        assert state is not None
        owners = set()
        for process in daemon.processes(state.lab_id):
            with contextlib.suppress(psutil.NoSuchProcess):
                owners.add(process.uids().real)
        assert owners == {NOBODY} if under else os.geteuid() in owners
    finally:
        down = lab("down", "--json")
        deadline = time.monotonic() + 20
    assert json.loads(down.stdout)["stopped"] is True
    while left := daemon.processes(state.lab_id):
        assert time.monotonic() < deadline, left
        time.sleep(0.2)
