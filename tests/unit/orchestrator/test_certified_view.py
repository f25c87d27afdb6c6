"""What a scenario's view says of its certificate: only one that still proves it counts."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from orchestrator_stage import SCENARIO, Lab

from obstack_lab.orchestrator.fingerprint import dependencies, fingerprint
from obstack_lab.scenario.library import library
from obstack_lab.scenario.loader import load


def certify(folder: Path, **changes: object) -> None:
    proof = {"certified": True, "depends_on": fingerprint(load(folder).scenario, folder)}
    (folder / "certificate.json").write_text(json.dumps(proof | changes))


def test_a_certificate_counts_until_the_scenario_changes(
    lab: Lab, scenarios: Path, change_scenario: Callable[[Callable[[dict[str, Any]], None]], None]
) -> None:
    folder = scenarios / SCENARIO
    assert not lab.orchestrator.scenario(SCENARIO).certified
    certify(folder)
    assert lab.orchestrator.scenario(SCENARIO).certified
    assert lab.orchestrator.scenarios()[0].certified
    change_scenario(lambda data: data["load"].update(seed=99))
    assert not lab.orchestrator.scenario(SCENARIO).certified


@pytest.mark.parametrize("changes", [{"certified": False}, {"depends_on": "another"}])
def test_a_certificate_that_says_no_or_is_of_another_scenario_does_not_count(
    lab: Lab, scenarios: Path, changes: dict[str, object]
) -> None:
    certify(scenarios / SCENARIO, **changes)
    assert not lab.orchestrator.scenario(SCENARIO).certified


def test_the_proof_depends_on_scenario_driver_services_releases_and_rules(scenarios: Path) -> None:
    folder = scenarios / SCENARIO
    scenario = load(folder).scenario
    names = [f"{file.parent.name}/{file.name}" for file in dependencies(scenario, folder)]
    assert names == sorted(names)
    service = scenario.services[0]
    assert {f"{SCENARIO}/scenario.yaml", "faults/release.py", "rules/users.yml"} <= set(names)
    assert f"{service}/__init__.py" in names
    assert any(name.startswith(f"releases/{service}_") for name in names)


def test_the_proof_depends_on_the_releases_that_the_scenario_names() -> None:
    names = {path.name for path in dependencies(library().get("checkout-stalls").scenario)}
    assert {"orders_1_4_2.py", "orders_1_5_0.py", "gateway_2_3_1.py"} <= names
    assert "orders_1_4_1.py" not in names
