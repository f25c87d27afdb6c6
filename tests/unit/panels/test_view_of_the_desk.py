"""A snapshot becomes plain data that says the state in words."""

from __future__ import annotations

import json
import time

import desk_states
import pytest

from obstack_lab.panels import overview, view


@pytest.mark.parametrize("name", desk_states.STATES)
def test_every_state_is_plain_json(name: str) -> None:
    blocks = desk_states.blocks(name)
    assert json.loads(json.dumps(blocks, allow_nan=False)).keys() == blocks.keys()


def header(name: str) -> view.Block:
    return view.view(desk_states.snapshot(desk_states.STATES[name]))["header"]


def test_before_the_start_there_is_one_thing_to_do() -> None:
    found = header("not-started")
    assert found["can"] == {"start": True, "declare": False, "finish": False}
    assert "then start" in found["next"]
    assert found["left"] == ""


def test_during_the_incident_the_clock_runs() -> None:
    found = header("incident")
    assert found["clock"] == "04:12"
    assert found["left"] == "15:48 left"
    assert found["can"]["start"] is False
    assert found["phase"]["word"] == "Incident"


def test_mitigated_says_that_the_cause_is_still_there() -> None:
    assert "cause is still there" in header("mitigated")["next"]


def test_an_ended_run_has_no_buttons() -> None:
    assert not any(header("finished")["can"].values())


def test_no_run_says_how_to_open_one() -> None:
    assert "open_lab" in view.header(None, healthy=True)["next"]


def test_what_is_unknown_is_a_dash_with_its_reason_and_never_zero() -> None:
    users = view.view(desk_states.snapshot(desk_states.STATES["no-data"]))["users"]
    success = users["figures"][0]
    assert success["value"] == "–"
    assert "too little traffic" in success["why"].lower()
    assert all(share is None for _, share in users["series"])


def test_an_inconclusive_criterion_gives_its_reason_and_no_progress() -> None:
    blocks = view.view(desk_states.snapshot(desk_states.STATES["no-data"]))
    item = blocks["criteria"]["items"][0]
    assert item["sign"]["word"] == "inconclusive"
    assert "3 of 20" in item["reason"]
    assert item["done"] == 0


def test_alerts_that_want_an_answer_come_first() -> None:
    items = view.view(desk_states.snapshot(desk_states.STATES["many-alerts"]))["alerts"]["items"]
    assert len(items) == 40
    assert items[0]["sign"]["word"] == "page"
    assert items[-1]["acknowledged"]


def test_the_grid_is_one_letter_a_user() -> None:
    grid = view.view(desk_states.snapshot(desk_states.STATES["incident"]))["tiles"]
    assert len(grid["last"]) == 400
    assert set(grid["last"]) == set("gln")


def test_actions_are_grouped_by_service_with_its_release() -> None:
    services = view.view(desk_states.snapshot(desk_states.STATES["incident"]))["act"]["services"]
    assert [s["service"] for s in services] == ["gateway", "orders", "inventory"]
    assert services[1]["note"] == "1.5.0, healthy"


def test_the_charts_share_one_axis_and_missing_points_are_gaps() -> None:
    answers = {c.id: {"orders": [(1000.0, 1.0), (1010.0, 2.0)]} for c in overview.presets().columns}
    block = overview.view(answers, [{"at": 1004, "kind": "change", "text": "x"}], 1012)
    line = block["services"][0]["values"]["rate"]
    assert len(line) == len(block["times"])
    assert line[-3:] == [1.0, None, 2.0]
    assert block["marks"]


def test_a_value_that_is_not_a_number_is_a_gap() -> None:
    answers = {c.id: {"orders": [(1000.0, float("nan"))]} for c in overview.presets().columns}
    assert overview.view(answers, [], 1000)["services"][0]["values"]["rate"][-1] is None


def test_a_view_takes_a_few_milliseconds_of_the_kernel() -> None:
    snapshot = desk_states.snapshot(desk_states.STATES["incident"])
    view.view(snapshot)
    begin = time.process_time()
    for _ in range(20):
        view.view(snapshot)
    assert (time.process_time() - begin) / 20 < 0.01
