"""What exists outside of a scenario's file: the names and values that `validate` compares with."""

from __future__ import annotations

from collections.abc import Mapping

import yaml

from obstack_lab.errors import ActionError
from obstack_lab.load.step import STEPS
from obstack_lab.orchestrator.actions.registry import ACTIONS
from obstack_lab.orchestrator.faults.plane import DRIVERS
from obstack_lab.orchestrator.service_settings import check, parameters
from obstack_lab.scenario.consistency import Known
from obstack_lab.scenario.model import Scalar
from obstack_lab.settings import resources
from sut.release import RELEASES, find_release


def known() -> Known:
    """Return everything that a scenario may name."""
    return Known(
        services=frozenset(RELEASES),
        requests=frozenset(STEPS),
        actions=frozenset(ACTIONS),
        alone=frozenset(name for name, action in ACTIONS.items() if action.target.alone),
        drivers=frozenset(DRIVERS),
        alerts=_alerts(),
        releases={service: frozenset(found) for service, found in RELEASES.items()},
        setting=_setting,
        injection=_injection,
    )


def _alerts() -> frozenset[str]:
    rules = sorted((resources() / "stack/prometheus/rules").glob("*.yml"))
    documents = [yaml.safe_load(path.read_text("utf-8")) for path in rules]
    return frozenset(
        rule["alert"]
        for document in documents
        for group in document["groups"]
        for rule in group["rules"]
        if "alert" in rule
    )


def _setting(service: str, name: str, value: Scalar) -> str:
    """Return why a service's newest release refuses a setting, nothing where it takes it."""
    if service not in RELEASES:
        return ""
    schema = find_release(service, RELEASES[service][-1]).SETTINGS.model_json_schema()
    try:
        check("set_config", parameters(schema), {name: value})
    except ActionError as error:
        return str(error)
    return ""


def _injection(driver: str, params: Mapping[str, Scalar]) -> tuple[str, ...]:
    return DRIVERS[driver].problems(params) if driver in DRIVERS else ()
