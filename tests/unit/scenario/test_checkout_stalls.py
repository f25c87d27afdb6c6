"""The first incident: complete, consistent, and its figures are what its prose says."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import jsonschema
import pytest
import yaml

from obstack_lab.scenario import schema
from obstack_lab.scenario.library import library
from obstack_lab.scenario.loader import Incident

ROOT = Path(__file__).parents[3] / "scenarios"


@pytest.fixture(scope="module")
def incident() -> Incident:
    return library(ROOT).get("checkout-stalls")


def test_the_committed_schema_is_the_one_the_model_gives() -> None:
    committed = (ROOT / schema.FILE).read_text("utf-8")
    assert committed == schema.text(), "run `python -m obstack_lab.scenario.schema`"


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/scenario.yaml")), ids=lambda p: p.parent.name)
def test_every_scenario_is_valid_by_the_published_schema(path: Path) -> None:
    published = json.loads((ROOT / schema.FILE).read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(yaml.safe_load(path.read_text("utf-8")), published)


@pytest.mark.parametrize("path", sorted(ROOT.glob("*/scenario.yaml")), ids=lambda p: p.parent.name)
def test_every_scenario_tells_the_editor_where_its_schema_is(path: Path) -> None:
    first = path.read_text("utf-8").splitlines()[0]
    assert first == f"# yaml-language-server: $schema=../{schema.FILE}"


def test_about_27_of_100_requests_place_an_order(incident: Incident) -> None:
    requests: dict[str, float] = {}
    for journey in incident.scenario.load.journeys:
        for step in journey.steps:
            requests[step] = requests.get(step, 0) + journey.weight
    share = requests["place-order"] / sum(requests.values())
    assert share == pytest.approx(0.27, abs=0.005)
    assert set(requests) == {"catalogue", "product", "quote", "place-order", "read-order", "report"}


def test_the_briefing_fits_on_one_screen(incident: Incident) -> None:
    assert len(incident.briefing.splitlines()) <= 25
    assert len(incident.briefing.split()) <= 230
    assert "40 ms" in incident.briefing
    assert "Start" in incident.briefing


def test_nothing_before_the_end_tells_the_cause(incident: Incident) -> None:
    said = [event.message.text for event in incident.scenario.timeline if event.message]
    for text in (incident.briefing, incident.scenario.title, *said):
        assert "1.5.0" not in text
        assert "pool" not in text.lower()


def test_certification_has_time_to_turn_green(incident: Incident) -> None:
    scenario = incident.scenario
    ways = [scenario.solutions.reference, *scenario.solutions.alternatives.values()]
    hold = max(criterion.hold for criterion in scenario.criteria)
    window = 10
    for way in ways:
        assert way.steps[-1].at + window + hold + 15 <= scenario.certify.gate


def test_the_learner_is_never_left_alone_for_more_than_four_minutes(incident: Incident) -> None:
    moments = [event.at for event in incident.scenario.timeline if event.message]
    moments += [h.trigger_after for h in incident.scenario.hints if h.trigger_after is not None]
    moments.sort()
    assert moments[0] <= 10
    assert max(b - a for a, b in itertools.pairwise(moments)) <= 240


def test_there_is_evidence_of_symptom_mechanism_and_cause(incident: Incident) -> None:
    assert {e.shows for e in incident.scenario.evidence} == {"symptom", "mechanism", "cause"}
    assert {q.facet for q in incident.scenario.questions} == {"component", "mechanism", "trigger"}
