"""Explore's bundle is what its sources make: built anew, where Node and the packages can be had."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from obstack_lab.panels import bundle

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
SOURCES = Path(bundle.__file__).parent / "ui"
INSTALL_WITHIN = 240
OLDEST_NODE = 20


def run(argv: list[str], folder: Path, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, cwd=folder, capture_output=True, text=True, timeout=seconds, check=False
    )


def test_the_sources_make_the_committed_bundle(tmp_path: Path) -> None:
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        pytest.skip("needs node and npm on PATH")
    version = run([node, "--version"], tmp_path, 30).stdout
    if int(version.strip().removeprefix("v").split(".")[0] or 0) < OLDEST_NODE:
        pytest.skip(f"needs Node {OLDEST_NODE} or newer, found {version.strip()}")
    place = tmp_path / "ui"
    shutil.copytree(SOURCES, place, ignore=shutil.ignore_patterns("node_modules"))
    try:
        done = run([npm, "ci", "--ignore-scripts", "--no-audit"], place, INSTALL_WITHIN)
    except subprocess.TimeoutExpired:
        pytest.skip(f"the packages did not come within {INSTALL_WITHIN} s")
    if done.returncode != 0 and "EINTEGRITY" not in done.stderr:
        pytest.skip(f"the packages cannot be had: {done.stderr.strip().splitlines()[:1]}")
    assert done.returncode == 0, done.stderr
    made = run([node, "build.mjs", str(tmp_path)], place, 120)
    assert made.returncode == 0, made.stderr
    written = (tmp_path / f"{bundle.FILE}.sha256").read_text(encoding="ascii")
    assert written.split()[0] == bundle.digest()
    assert (tmp_path / bundle.FILE).read_bytes() == bundle.packed()
