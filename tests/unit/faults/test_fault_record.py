"""Findings are kept as they come, read from several files, and make the page of verified faults."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from obstack_lab.errors import UsageError
from obstack_lab.orchestrator.faults.catalogue import catalogue
from obstack_lab.verify.finding import Finding, User, this_user
from obstack_lab.verify.page import page
from obstack_lab.verify.record import Record, latest, read
from obstack_lab.verify.verifier import verify
from tests.unit.faults.test_fault_verification import FAULT, FakeStage, FakeTime, Lever

PAGE = Path(__file__).parents[3] / "docs" / "faults-verified.md"
FAULTS = catalogue().faults
OTHER = FAULT.model_copy(update={"id": "other"})


def finding(
    *, fault: str = "poison-job", seed: int = 1, user: User | None = None, holds: bool = True
) -> Finding:
    return Finding(
        fault=fault,
        row=64,
        seed=seed,
        user=user,
        holds=holds,
        reason="as it must be" if holds else "The fault did not show (> 8) in 60 s.",
        baseline=0.0625,
        under=12345.6,
        after=0.0,
        seconds_to_show=7.5,
        residual_after=False,
    )


def play(record: Record, stage: FakeStage, lever: Lever) -> tuple[Finding, ...]:
    return verify(
        [stage],
        [FAULT, OTHER],
        seeds=[1, 2],
        drivers={"network": lever},
        time=FakeTime(),
        record=record,
    )


def test_what_a_record_has_is_not_played_again(tmp_path: Path) -> None:
    lever, path = Lever(), tmp_path / "found.jsonl"
    stage = FakeStage(lambda: 9.0 if lever.there else 0.0)
    first = play(Record(path), stage, lever)
    assert len(path.read_text("utf-8").splitlines()) == 4
    assert {each.user for each in first} == {this_user()}
    stage.prepared.clear()
    assert play(Record(path), stage, lever) == first
    assert not stage.prepared


def test_a_line_that_was_half_written_is_played_again(tmp_path: Path) -> None:
    lever, path = Lever(), tmp_path / "found.jsonl"
    stage = FakeStage(lambda: 9.0 if lever.there else 0.0)
    first = play(Record(path), stage, lever)
    path.write_bytes(path.read_bytes()[:-20])
    stage.prepared.clear()
    play(Record(path), stage, lever)
    assert len(stage.prepared) == 1
    assert {each.fault for each in read([path])} == {each.fault for each in first}
    assert len(read([path])) == 4


def test_what_another_user_has_found_is_played_again(tmp_path: Path) -> None:
    path, others = tmp_path / "found.jsonl", "plain" if this_user() == "root" else "root"
    path.write_text(finding(user=others).model_dump_json() + "\n", "utf-8")
    assert Record(path).found("poison-job", 1) is None


def test_both_kinds_of_files_and_a_folder_of_them_are_read(tmp_path: Path) -> None:
    printed = {"holds": True, "findings": [finding(seed=1).model_dump(exclude={"user"})]}
    (tmp_path / "1.json").write_text(json.dumps(printed), "utf-8")
    (tmp_path / "2.jsonl").write_text(finding(seed=2, user="root").model_dump_json() + "\n")
    (tmp_path / "log").write_text("chunk 1")
    found = read([tmp_path], "plain")
    assert [(each.seed, each.user) for each in found] == [(1, "plain"), (2, "root")]


def test_the_last_finding_of_a_play_counts() -> None:
    (one,) = latest([finding(holds=False), finding()])
    assert one.holds


@pytest.mark.parametrize(("name", "text"), [("a.json", "[]"), ("a.json", "{"), ("b.jsonl", "x\n")])
def test_a_file_of_something_else_is_named(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(UsageError, match=re.escape(name)):
        read([tmp_path / name])


def test_the_page_tells_figures_failures_and_what_was_not_tried() -> None:
    told = page(
        FAULTS,
        [
            *(finding(seed=seed, user="root") for seed in (1, 2)),
            finding(seed=1, user="plain"),
            finding(seed=2, user="plain", holds=False),
        ],
    )
    assert f"* As root: 1 of {len(FAULTS)} faults moved their signal on 2 of 2 seeds." in told
    assert f"* As a plain user: 0 of {len(FAULTS)}" in told
    assert "| 64 | `poison-job` | seconds | root | 2 of 2 | 0.0625 · 0.0625 | 12,346 ·" in told
    assert "| plain | 1 of 2 |" in told
    assert "* `poison-job`, seed 2, as plain: The fault did not show" in told
    assert "* `slower-quotes` as root, seeds 1, 2" in told
    assert "`poison-job` as" not in told


def test_the_published_page_knows_every_fault_of_the_catalogue() -> None:
    if not PAGE.exists():
        pytest.skip("the page is made by `./lab faults table`")
    text = PAGE.read_text("utf-8")
    assert [each.id for each in FAULTS if f"`{each.id}`" not in text] == []
