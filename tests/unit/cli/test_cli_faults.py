"""`./lab faults`: the catalogue for people and for programs."""

from __future__ import annotations

import json

import pytest

from obstack_lab.orchestrator.faults.catalogue import catalogue


def test_every_fault_is_listed(lab) -> None:
    done = lab("faults", "list", "--json")
    assert done.code == 0
    listed = json.loads(done.out)
    assert [each["id"] for each in listed] == [each.id for each in catalogue().faults]
    assert all(each["mechanism"] and each["drivers"] for each in listed)


def test_the_list_says_how_many_classes_there_are(lab) -> None:
    done = lab("faults", "list")
    assert f"{len(catalogue().rows)} of 75 classes" in done.out


def test_a_fault_is_shown_with_its_signal(lab) -> None:
    done = lab("faults", "show", "locked-table")
    assert done.code == 0
    for part in ("row 39", "session", "ACCESS EXCLUSIVE", "db_client_connection_pending", "> 5"):
        assert part in done.out
    shown = json.loads(lab("faults", "show", "locked-table", "--json").out)
    assert shown["signal"]["shows"] == "> 5"


@pytest.mark.parametrize(
    "arguments",
    [("show", "no-such-fault"), ("verify", "no-such-fault"), ("verify",)],
)
def test_wrong_use_is_told_in_one_line(lab, arguments: tuple[str, ...]) -> None:
    done = lab("faults", *arguments)
    assert done.code == 2
    assert done.err.count("\n") == 1


def test_findings_become_a_page_or_json(lab, tmp_path) -> None:
    found = {"fault": "poison-job", "row": 64, "seed": 1, "holds": True, "reason": "as it must be"}
    (tmp_path / "1.json").write_text(json.dumps({"holds": True, "findings": [found]}), "utf-8")
    done = lab("faults", "table", "--plain", str(tmp_path))
    assert done.code == 0
    assert "| 64 | `poison-job` | seconds | plain | 1 of 1 |" in done.out
    told = json.loads(lab("faults", "table", "--root", str(tmp_path), "--json").out)
    assert (told["holds"], told["findings"][0]["user"]) == (True, "root")


def test_findings_that_do_not_say_as_whom_are_refused(lab, tmp_path) -> None:
    found = {"fault": "poison-job", "row": 64, "seed": 1, "holds": True, "reason": "as it must be"}
    (tmp_path / "1.json").write_text(json.dumps({"holds": True, "findings": [found]}), "utf-8")
    done = lab("faults", "table", str(tmp_path))
    assert done.code == 2
    assert "--root or --plain" in done.err
