"""The pages for authors name every key and every row."""

from __future__ import annotations

import re
from pathlib import Path

from obstack_lab.scenario.library import library
from obstack_lab.scenario.model import Scenario

DOCS = Path(__file__).parents[3] / "docs"


def test_every_key_of_a_scenario_is_in_the_authors_page() -> None:
    page = (DOCS / "scenario-authoring.md").read_text("utf-8")
    assert [key for key in Scenario.model_fields if f"`{key}`" not in page] == []


def test_there_are_75_fault_classes_each_once() -> None:
    page = (DOCS / "fault-classes.md").read_text("utf-8").split("## In the library")[0]
    assert [int(row) for row in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == [*range(1, 76)]


def test_every_scenario_stands_beside_its_fault_class() -> None:
    page = (DOCS / "fault-classes.md").read_text("utf-8").split("## In the library")[1]
    for name in library().ids():
        assert f"| {library().get(name).scenario.fault_class} | `{name}` |" in page
