"""A skeleton is a whole scenario, valid at once, and never overwrites one."""

from __future__ import annotations

from pathlib import Path

import pytest

from obstack_lab.errors import ScenarioError, UsageError
from obstack_lab.scenario import skeleton
from obstack_lab.scenario.loader import load
from obstack_lab.scenario.model import Scenario


def test_a_skeleton_is_valid_and_carries_its_name(tmp_path: Path) -> None:
    folder = skeleton.write("orders-get-lost", tmp_path)
    incident = load(folder)
    assert incident.scenario.id == "orders-get-lost"
    assert incident.scenario.title == "Orders get lost"
    assert incident.briefing.startswith("# Orders get lost\n")


def test_a_skeleton_shows_every_key_a_scenario_may_have(tmp_path: Path) -> None:
    scenario = load(skeleton.write("orders-get-lost", tmp_path)).scenario
    assert set(Scenario.model_fields) == scenario.model_fields_set


@pytest.mark.parametrize("name", ["", "Orders", "1st", "../orders", "a b"])
def test_a_name_that_will_not_do_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is no scenario id"):
        skeleton.write(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_scenario_is_never_overwritten(tmp_path: Path) -> None:
    folder = skeleton.write("orders-get-lost", tmp_path)
    (folder / "briefing.md").write_text("mine")
    with pytest.raises(UsageError, match="there already"):
        skeleton.write("orders-get-lost", tmp_path)
    assert (folder / "briefing.md").read_text() == "mine"


def test_a_name_that_tells_the_cause_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="words that name a cause: pool"):
        skeleton.write("pool-too-small", tmp_path)
    assert list(tmp_path.iterdir()) == []
