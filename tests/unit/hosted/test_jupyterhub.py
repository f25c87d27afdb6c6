"""JupyterHub's values: known keys of the right type, and figures that follow from measured ones.

The chart's own schema is not part of this repository; docs/classroom-at-scale.md says that the
file was checked with it. Here is kept what was found then.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from obstack_lab.orchestrator.serve import LEARNER_VARIABLE, RECORDS_VARIABLE
from obstack_lab.settings import HOME_VARIABLE

ROOT = Path(__file__).parents[3]
# Path and type in the chart's schema of what we use; below a key of type dict anything goes.
KNOWN: dict[str, type | tuple[type, ...]] = {
    "hub.config.JupyterHub": dict,
    "hub.config.Authenticator": dict,
    "proxy.service.type": str,
    "singleuser.image.name": str,
    "singleuser.image.tag": str,
    "singleuser.defaultUrl": str,
    "singleuser.startTimeout": int,
    "singleuser.storage.capacity": str,
    "singleuser.storage.homeMountPath": str,
    "singleuser.extraEnv": dict,
    "singleuser.memory.guarantee": str,
    "singleuser.memory.limit": str,
    "singleuser.cpu.guarantee": (int, float),
    "singleuser.cpu.limit": (int, float),
    "singleuser.networkPolicy.egress": list,
    "cull.enabled": bool,
    "cull.timeout": int,
    "cull.every": int,
    "cull.maxAge": int,
}


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    found = yaml.safe_load((ROOT / "stack/jupyterhub/values.yaml").read_text("utf-8"))
    assert isinstance(found, dict)
    return found


def leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, dict) and path not in KNOWN:
        for key, value in tree.items():
            yield from leaves(value, f"{path}.{key}".lstrip("."))
    else:
        yield path, tree


def measured(row: str) -> float:
    """Return the figure of a row of the page of budgets."""
    text = (ROOT / "docs/budgets.md").read_text("utf-8")
    found = re.search(rf"^\| {re.escape(row)}[^|]*\| ([\d.]+) ", text, re.MULTILINE)
    assert found, row
    return float(found[1])


def test_only_keys_that_the_chart_knows_are_used(values: dict[str, Any]) -> None:
    for path, value in leaves(values):
        assert path in KNOWN, path
        assert isinstance(value, KNOWN[path]), path


def test_a_learner_is_granted_what_was_measured_and_never_everything(
    values: dict[str, Any],
) -> None:
    memory, cpu = values["singleuser"]["memory"], values["singleuser"]["cpu"]
    granted, most = (float(memory[key].removesuffix("G")) * 1000 for key in ("guarantee", "limit"))
    assert measured("the same with JupyterLab and one kernel") < granted < most
    assert measured("the whole stack at 20 requests/s, healthy") < cpu["guarantee"] < cpu["limit"]


def test_the_lab_s_files_lie_where_they_stay_and_its_records_come_from_a_secret(
    values: dict[str, Any],
) -> None:
    learner = values["singleuser"]
    told = learner["extraEnv"]
    assert told[HOME_VARIABLE].startswith(learner["storage"]["homeMountPath"])
    assert told[RECORDS_VARIABLE]["name"] == RECORDS_VARIABLE
    assert set(told[RECORDS_VARIABLE]["valueFrom"]) == {"secretKeyRef"}
    assert LEARNER_VARIABLE not in told, "the hub says who it is"
    assert (ROOT / learner["defaultUrl"].removeprefix("/lab/tree/")).is_file()


def test_nobody_outside_gets_in_by_default(values: dict[str, Any]) -> None:
    assert values["proxy"]["service"]["type"] == "ClusterIP"
    chosen = values["hub"]["config"]["JupyterHub"]["authenticator_class"]
    assert "dummy" not in chosen.lower()
    assert "password" not in (ROOT / "stack/jupyterhub/values.yaml").read_text("utf-8").lower()
