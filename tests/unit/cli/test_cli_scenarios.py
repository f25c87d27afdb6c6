"""`scenarios`: every mistake with file, path and line; one broken file hides nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from obstack_lab.settings import resources

GOOD = resources() / "scenarios" / "checkout-stalls"


def alter(folder: Path, *changes: tuple[str, str]) -> None:
    file = folder / "scenario.yaml"
    text = file.read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    file.write_text(text, "utf-8")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return Path(shutil.copytree(GOOD, tmp_path / "scenarios" / "checkout-stalls"))


def test_a_good_scenario_is_right(lab, copy: Path) -> None:
    assert lab("scenarios", "validate", str(copy)).code == 0


def test_the_whole_library_is_right(lab) -> None:
    done = lab("scenarios", "validate")
    assert (done.code, done.err) == (0, "")


def test_broken_yaml_is_told_with_file_and_line(lab, copy: Path) -> None:
    alter(copy, ("title: The checkout is stalling", "title: [The checkout"))
    done = lab("scenarios", "validate", str(copy))
    assert done.code == 1
    assert f"{copy / 'scenario.yaml'}:" in done.err
    assert "Traceback" not in done.err


def test_every_mistake_is_told_with_file_path_and_line(lab, copy: Path) -> None:
    alter(
        copy,
        ("difficulty: intermediate", "difficulty: impossible"),
        ("minutes: 20", "minutes: many"),
        ('target: ">= 0.99"', "target: more"),
    )
    done = lab("scenarios", "validate", str(copy), "--json")
    assert done.code == 1
    found = json.loads(done.out)
    assert found["valid"] is False
    assert [p["path"] for p in found["problems"]] == ["difficulty", "minutes", "criteria[0].target"]
    lines = (copy / "scenario.yaml").read_text("utf-8").splitlines()
    for problem, word in zip(found["problems"], ("impossible", "many", "more"), strict=True):
        assert problem["file"] == str(copy / "scenario.yaml")
        assert word in lines[problem["line"] - 1]
        assert problem["message"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("steps: [report]", "steps: [reports]", "there is no request 'reports'"),
        ("rollback, restart]", "rollback, reboot]", "there is no action 'reboot'"),
        ("driver: release", "driver: releases", "there is no driver 'releases'"),
        ("alerts: [CheckoutFailing]", "alerts: [CheckoutFails]", "no alert rule 'CheckoutFails'"),
        ("services: [gateway,", "services: [gatewya,", "there is no service 'gatewya'"),
        ('orders: "1.4.2"', 'orders: "1.4.9"', "1.4.9"),
        ('release: "1.5.0"', 'release: "1.5.9"', "1.5.9"),
        ("params: {service: orders}", "params: {}", "service"),
        ("db_pool_size: 20}", "db_pool_seize: 20}", "db_pool_seize"),
        ("db_pool_size: 20}", "db_pool_size: 2000}", "64"),
    ],
)
def test_a_name_that_nothing_has_is_told(lab, copy: Path, old: str, new: str, said: str) -> None:
    alter(copy, (old, new))
    done = lab("scenarios", "validate", str(copy))
    assert done.code == 1
    (line, *_) = [line for line in done.err.splitlines() if said in line]
    file, number, *_ = line.removeprefix("lab: ").split(":")
    assert file == str(copy / "scenario.yaml")
    lines = (copy / "scenario.yaml").read_text("utf-8").splitlines()
    assert new in "\n".join(lines[int(number) - 2 : int(number) + 1]), line


def test_a_folder_that_is_no_scenario_is_told(lab, tmp_path: Path) -> None:
    done = lab("scenarios", "validate", str(tmp_path))
    assert done.code == 1
    assert "the file is missing" in done.err


def test_a_broken_scenario_does_not_hide_the_others(
    lab, copy: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = copy.with_name("pages-break")
    shutil.copytree(copy, broken)
    monkeypatch.setattr("obstack_lab.scenario.library.resources", lambda: tmp_path)
    done = lab("scenarios", "list", "--json")
    assert done.code == 1
    assert [s["id"] for s in json.loads(done.out)] == ["checkout-stalls"]
    assert len(done.err.splitlines()) == 1
    assert "`./lab scenarios validate pages-break`" in done.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["doctor"],
        ["down"],
        ["scenarios", "list"],
        ["scenarios", "show", "checkout-stalls"],
        ["scenarios", "validate"],
        ["scenarios", "new", "orders-get-lost", "--directory"],
    ],
    ids=" ".join,
)
def test_json_is_json(lab, tmp_path: Path, arguments: list[str]) -> None:
    more = [str(tmp_path)] if arguments[-1] == "--directory" else []
    done = lab(*arguments, *more, "--json")
    assert json.loads(done.out)
    assert done.err == ""
