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
