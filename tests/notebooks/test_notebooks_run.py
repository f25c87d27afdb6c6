"""Run All is safe: every notebook runs to its end on a live lab, and the incident waits or runs."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from obstack_lab.lab import attach_lab, open_lab
from obstack_lab.orchestrator.daemon import launch, shutdown
from obstack_lab.settings import HOME_VARIABLE, LabHome

pytestmark = pytest.mark.integration

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHome]:
    place = LabHome(tmp_path_factory.mktemp("lab"))
    launch(place, engine="embedded")
    yield place
    shutdown(place)


def run(name: str, home: LabHome, monkeypatch: pytest.MonkeyPatch) -> nbformat.NotebookNode:
    monkeypatch.setenv(HOME_VARIABLE, str(home.path))
    book = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4)
    client = NotebookClient(book, timeout=200, kernel_name="python3", allow_errors=False)
    client.execute(cwd=str(NOTEBOOKS), env=dict(os.environ))
    return book


def shown(book: nbformat.NotebookNode, cell: str) -> str:
    found = next(c for c in book.cells if c.id == cell)
    return "\n".join(
        str(output.get("text", "")) + str(output.get("data", {})) for output in found.outputs
    )


def test_start_here_runs_on_the_healthy_system(
    home: LabHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    deadline = time.monotonic() + 60
    while "gateway" not in shown(book := run("00_start_here", home, monkeypatch), "latency"):
        assert time.monotonic() < deadline, "no latency in sight"
    assert "The checkout is stalling" in shown(book, "cards")
    assert "Trace" in shown(book, "trace") or "no trace yet" in shown(book, "trace")
    with open_lab(home=home.path, show=False) as lab:
        assert lab.client.run().phase == "baseline"


def test_the_scenario_runs_twice_and_does_not_end(
    home: LabHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = run("checkout-stalls", home, monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" in shown(book, "open")
    assert "Incident" in shown(book, "start") or "incident" in shown(book, "start")
    assert "rollback" in shown(book, "toolkit")
    assert "component" in shown(book, "questions")
    with open_lab(home=home.path, show=False) as lab:
        first = lab.client.run()
        assert first.started_at is not None
        assert first.phase != "ended"
    run("checkout-stalls", home, monkeypatch)
    with open_lab(home=home.path, show=False) as lab:
        second = lab.client.run()
        assert (second.id, second.started_at) == (first.id, first.started_at)
        lab.finish()


def test_the_dashboard_opens_the_first_incident_where_none_is_asked_for(
    home: LabHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("QUERY_STRING", raising=False)
    with attach_lab(home=home.path) as lab:
        assert lab.scenario is None
    book = run("dashboards/incident", home, monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" in shown(book, "page")
    with attach_lab(home=home.path) as lab:
        assert lab.scenario == "checkout-stalls"


def test_the_dashboard_shows_its_desk(home: LabHome, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUERY_STRING", "scenario=checkout-stalls")
    book = run("dashboards/incident", home, monkeypatch)
    assert "application/vnd.jupyter.widget-view+json" in shown(book, "page")


def test_the_dashboard_refuses_an_unknown_scenario_with_a_card(
    home: LabHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUERY_STRING", "scenario=<b>nope</b>")
    book = run("dashboards/incident", home, monkeypatch)
    assert "There is no scenario" in shown(book, "page")
    assert "<b>nope" not in shown(book, "page").replace("&lt;b&gt;", "")
