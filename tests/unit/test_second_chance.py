"""A failed test on real components runs once more; a unit test does not."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CONFTEST = Path(__file__).parents[1] / "conftest.py"
ONCE = """
from pathlib import Path

def test_it():
    seen = Path(__file__).with_suffix(".seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("the first time")
"""
ALWAYS = "def test_it():\n    raise AssertionError('each time')\n"
WHO = """
import os
from pathlib import Path

def test_it():
    Path(__file__).with_suffix(f".{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""
FINE = "def test_it():\n    assert True\n"


def play(folder: Path, option: str = "--second-chance", **tests: str) -> tuple[int, str]:
    """Run tests, named by tier and number, in a checkout of their own; return code and output."""
    (folder / "tests").mkdir()
    (folder / "pytest.ini").write_text("[pytest]\ntestpaths = tests\n")
    shutil.copy(CONFTEST, folder / "tests")
    for name, text in tests.items():
        place = folder / "tests" / name.rstrip("0123456789")
        place.mkdir(exist_ok=True)
        (place / f"test_{name}.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *option.split()],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout


def test_what_passes_when_run_again_is_named_and_does_not_fail_the_run(tmp_path: Path) -> None:
    code, said = play(tmp_path, integration1=ONCE, unit1=FINE)
    assert code == 0
    assert "the first time" in said
    assert "FLAKY tests/integration/test_integration1.py::test_it" in said
    assert said.index("the first time") < said.index("second chance") < said.rindex(" 1 passed in")


def test_two_processes_have_one_second_chance(tmp_path: Path) -> None:
    option = "--second-chance --numprocesses=2 --dist=loadscope"
    code, said = play(tmp_path, option, integration1=ONCE, browser1=ONCE)
    assert code == 0
    assert said.count("second chance for 2") == 1
    for name in ("integration", "browser"):
        assert f"FLAKY tests/{name}/test_{name}1.py::test_it\n" in said


def test_a_browser_runs_beside_the_others(tmp_path: Path) -> None:
    tests = {"integration1": WHO, "integration2": WHO, "browser1": WHO, "compose1": WHO}
    assert play(tmp_path, "--numprocesses=2 --dist=loadscope", **tests)[0] == 0
    ran = {path.stem.removeprefix("test_"): path.suffix for path in tmp_path.rglob("*.gw?")}
    assert ran["integration1"] == ran["integration2"] != ran["browser1"] == ran["compose1"]


@pytest.mark.parametrize(
    ("tests", "option", "again"),
    [
        ({"integration1": ALWAYS}, "--second-chance", True),
        ({"unit1": ONCE, "browser1": ONCE}, "--second-chance", False),
        ({f"integration{n}": ONCE for n in range(4)}, "--second-chance", False),
        ({"integration1": ONCE}, "", False),
    ],
    ids=["fails again", "unit beside", "no accident", "not asked for"],
)
def test_else_the_run_fails(
    tmp_path: Path, tests: dict[str, str], option: str, *, again: bool
) -> None:
    code, said = play(tmp_path, option, **tests)
    assert code == 1
    assert "FLAKY" not in said
    assert ("second chance for" in said) is again
