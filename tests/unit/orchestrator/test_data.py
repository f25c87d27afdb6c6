"""The shop's data over HTTP: kept, put back, and left alone while an incident is played."""

from __future__ import annotations

from pathlib import Path

import pytest
from orchestrator_stage import InProcess, Lab
from starlette.types import ASGIApp

from obstack_lab.errors import ActionError, UnknownName, WrongPhase
from obstack_lab.orchestrator.client import Client
from obstack_lab.state import LabState


@pytest.fixture
def client(app: ASGIApp) -> Client:
    state = LabState(
        lab_id="0badcafe",
        pid=1,
        pid_started=0,
        url="http://127.0.0.1:1",
        token="the-token-of-this-lab",
        engine="memory",
        started_at=0,
    )
    return Client(state, transport=InProcess(app))


def test_data_is_kept_and_put_back(client: Client, lab: Lab) -> None:
    lab.engine.data.content = "what happened"
    assert client.snapshot_data("before").snapshots == ("before",)
    client.reset_data()
    assert lab.engine.data.content == "standard"
    client.restore_data("before")
    assert lab.engine.data.content == "what happened"
    assert client.forget_data("before").snapshots == ()
    assert client.data().snapshots == ()


def test_a_data_set_is_loaded_by_its_path(client: Client, lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "1.sql").touch()
    client.load_data(tmp_path)
    assert lab.engine.data.content == str(tmp_path)


def test_bad_input_is_one_clear_line(client: Client, tmp_path: Path) -> None:
    with pytest.raises(UnknownName, match="'dear'"):
        client.restore_data("dear")
    with pytest.raises(ActionError, match="small letters"):
        client.snapshot_data("Dear")
    with pytest.raises(ActionError, match=r"no \.sql file"):
        client.load_data(tmp_path)


def test_each_run_begins_with_the_standard_data(client: Client, lab: Lab) -> None:
    lab.engine.data.content = "what happened"
    client.create_run("pages-stall")
    assert lab.engine.data.content == "standard"


def test_the_data_of_an_incident_stays(client: Client, lab: Lab) -> None:
    client.create_run("pages-stall")
    for change in (client.reset_data, lambda: client.snapshot_data("x")):
        with pytest.raises(WrongPhase, match="Finish the run first"):
            change()
