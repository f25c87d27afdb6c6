"""Grafana's files name only what there is: sources, dashboards, variables of the environment.

No Grafana runs here: the keys were read in its documentation, and are kept by these lists.
"""

from __future__ import annotations

import configparser
import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from obstack_lab.dashboards.grafana_panel import SOURCES
from obstack_lab.dashboards.library import library
from obstack_lab.dashboards.link import grafana_uid, grafana_url

GRAFANA = Path(__file__).parents[3] / "stack" / "grafana"
DASHBOARDS = GRAFANA.parent / "dashboards" / "grafana"
TEXT = (GRAFANA / "provisioning/datasources/lab.yaml").read_text(encoding="utf-8")
DOCUMENT = yaml.safe_load(TEXT)
STORES: list[dict[str, Any]] = DOCUMENT["datasources"]
UIDS = {f"lab-{kind}" for kind in SOURCES.values()}
HEADERS = {"httpHeaderName1", "httpHeaderName2"}
SETTINGS = {
    "prometheus": {
        *("httpMethod", "manageAlerts", "prometheusType", "prometheusVersion", "cacheLevel"),
        *("timeInterval", "exemplarTraceIdDestinations"),
    },
    "loki": {"manageAlerts", "maxLines", "timeout", "derivedFields"},
    "tempo": {"tracesToLogsV2", "tracesToMetrics", "nodeGraph", "search", "streamingEnabled"},
}
LINKS = {"targetUID", "label", "description", "type", "config"}


def uids(found: Any) -> set[str]:
    """Return every uid of a data source, wherever it stands."""
    if isinstance(found, list):
        return {uid for each in found for uid in uids(each)}
    if not isinstance(found, dict):
        return set()
    named = {str(value) for key, value in found.items() if key in {"datasourceUid", "targetUID"}}
    source = found.get("datasource")
    if isinstance(source, dict) and "uid" in source:
        named.add(source["uid"])
    return named | {uid for value in found.values() for uid in uids(value)}


def test_there_is_one_source_a_language_and_one_is_the_default() -> None:
    assert {store["uid"] for store in STORES} == UIDS
    assert {store["type"] for store in STORES} == set(SOURCES.values())
    assert [store["uid"] for store in STORES if store.get("isDefault")] == ["lab-prometheus"]


@pytest.mark.parametrize("store", STORES, ids=lambda store: store["type"])
def test_a_source_goes_through_the_orchestrator_with_the_labs_token(store: dict[str, Any]) -> None:
    assert store["url"] == f"${{OBSTACK_LAB_URL}}/v1/telemetry/{store['type']}"
    settings, secrets = store["jsonData"], store["secureJsonData"]
    headers = {settings[f"httpHeaderName{n}"]: secrets[f"httpHeaderValue{n}"] for n in (1, 2)}
    assert headers == {
        "Authorization": "Bearer ${OBSTACK_LAB_TOKEN}",
        "X-Obstack-Client": "grafana",
    }
    assert store["access"] == "proxy"
    assert not store["editable"]


@pytest.mark.parametrize("store", STORES, ids=lambda store: store["type"])
def test_a_source_has_only_settings_that_grafana_documents(store: dict[str, Any]) -> None:
    assert set(store["jsonData"]) - HEADERS == SETTINGS[store["type"]]
    for link in store.get("correlations", ()):
        assert set(link) == LINKS
        assert set(link["config"]) == {"field", "target"}


def test_whatever_is_linked_to_is_there() -> None:
    assert uids(DOCUMENT) == UIDS
    for path in DASHBOARDS.glob("*.json"):
        assert uids(json.loads(path.read_text(encoding="utf-8"))) <= UIDS, path.name


def test_metrics_logs_and_traces_lead_to_one_another() -> None:
    leads = {(store["type"], uid) for store in STORES for uid in uids(store)}
    assert leads >= {
        ("prometheus", "lab-tempo"),
        ("prometheus", "lab-loki"),
        ("loki", "lab-tempo"),
        ("loki", "lab-prometheus"),
        ("tempo", "lab-loki"),
        ("tempo", "lab-prometheus"),
    }


def test_a_dollar_of_grafanas_own_is_escaped_and_any_other_is_a_variable() -> None:
    ours = re.sub(r"\$\$", "", TEXT)
    assert set(re.findall(r"\$\{?(\w*)", ours)) == {"OBSTACK_LAB_URL", "OBSTACK_LAB_TOKEN"}


def test_the_provider_takes_the_folder_of_made_dashboards() -> None:
    provisioned = yaml.safe_load((GRAFANA / "provisioning/dashboards/lab.yaml").read_text("utf-8"))
    (provider,) = provisioned["providers"]
    assert provider["options"]["path"] == "${OBSTACK_LAB_DASHBOARDS}"
    assert {path.stem for path in DASHBOARDS.iterdir()} == {d.name for d in library().dashboards}


def test_nobody_logs_in_and_nothing_is_asked_of_the_internet() -> None:
    read = configparser.ConfigParser()
    read.read(GRAFANA / "grafana.ini", encoding="utf-8")
    assert read["auth.anonymous"]["org_role"] == "Viewer"
    assert read.getboolean("security", "disable_initial_admin_creation")
    for section, key in (
        ("analytics", "reporting_enabled"),
        ("analytics", "check_for_updates"),
        ("analytics", "check_for_plugin_updates"),
        ("news", "news_feed_enabled"),
    ):
        assert not read.getboolean(section, key)
    assert read.getboolean("plugins", "preinstall_disabled")


def test_a_link_opens_the_dashboard_over_the_incident_with_calm_around_it() -> None:
    url = grafana_url("http://127.0.0.1:3000/", "service", begin=1000, end=1600, service="orders")
    assert url == (
        "http://127.0.0.1:3000/d/lab-service/service?from=880000&to=1660000&var-service=orders"
    )
    assert grafana_url("http://h", "users").endswith("?from=now-15m&to=now")
    assert "to=now" in grafana_url("http://h", "users", begin=1000)
    assert grafana_uid("service") == json.loads((DASHBOARDS / "service.json").read_text())["uid"]
