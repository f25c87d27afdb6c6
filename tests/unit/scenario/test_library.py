"""The library finds incidents by id, reads them late and once, and says what it has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from obstack_lab.errors import ScenarioError, UnknownName
from obstack_lab.scenario.library import library
from obstack_lab.scenario.model import parse_duration

GOOD = Path(__file__).parent / "data" / "page-loads-slowly"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    shutil.copytree(GOOD, tmp_path / GOOD.name)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "scenario.yaml").write_text("id: broken\n")
    (tmp_path / "drafts").mkdir()
    return tmp_path


def test_ids_are_the_folders_with_a_scenario(root: Path) -> None:
    assert library(root).ids() == ("broken", "page-loads-slowly")


def test_an_unknown_id_is_answered_with_the_known_ones(root: Path) -> None:
    with pytest.raises(
        UnknownName, match=r"There is no scenario 'nope'.*page-loads-slowly"
    ) as caught:
        library(root).get("nope")
    assert caught.value.known == ("broken", "page-loads-slowly")


@pytest.mark.parametrize("name", ["../broken", "", ".", "broken/../broken"])
def test_an_id_is_no_path(name: str, root: Path) -> None:
    with pytest.raises(UnknownName):
        library(root).get(name)


def test_a_broken_scenario_fails_only_when_someone_wants_it(root: Path) -> None:
    books = library(root)
    assert books.get("page-loads-slowly").scenario.minutes == 10
    with pytest.raises(ScenarioError):
        books.get("broken")


def test_an_incident_is_read_again_only_after_a_change(root: Path) -> None:
    books = library(root)
    first = books.get("page-loads-slowly")
    assert books.get("page-loads-slowly") is first
    briefing = root / "page-loads-slowly" / "briefing.md"
    briefing.write_text("# Another\n")
    os.utime(briefing, ns=(1, 1))
    assert books.get("page-loads-slowly").briefing == "# Another\n"


def test_the_lab_comes_with_a_library() -> None:
    assert "checkout-stalls" in library().ids()


def test_importing_the_library_loads_nothing_heavy() -> None:
    code = "import sys, obstack_lab.scenario.library; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    loaded = {name.split(".")[0] for name in done.stdout.split()}
    assert not loaded & {"pandas", "httpx", "fastapi", "jsonschema"}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("250ms", 0.25), ("1m30s", 90), ("2h", 7200), ("0s", 0), (7, 7), (0.5, 0.5), ("1.5s", 1.5)],
)
def test_a_duration_in_words_is_seconds(text: object, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "5 s", "s", "-1s", "1d", None, True, [1]])
def test_what_is_no_duration_is_refused(text: object) -> None:
    with pytest.raises(ValueError, match="a duration such as"):
        parse_duration(text)
