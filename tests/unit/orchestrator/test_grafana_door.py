"""Grafana asks through the proxy: what its data sources send passes, and is in the journal."""

from __future__ import annotations

import httpx
import pytest
from orchestrator_stage import Lab, Upstream

from obstack_lab.orchestrator.question import Backend, allowed
from obstack_lab.review.journal import QueryEntry

CLIENT = {"X-Obstack-Client": "grafana"}


def asked(lab: Lab) -> list[QueryEntry]:
    journal = lab.orchestrator.book("current").journal.all()
    return [entry for entry in journal if isinstance(entry, QueryEntry)]


@pytest.mark.parametrize(
    ("backend", "method", "path"),
    [
        ("prometheus", "POST", "api/v1/query_range"),
        ("prometheus", "POST", "api/v1/query"),
        ("prometheus", "POST", "api/v1/query_exemplars"),
        ("prometheus", "POST", "api/v1/labels"),
        ("prometheus", "POST", "api/v1/series"),
        ("prometheus", "GET", "api/v1/label/service_name/values"),
        ("prometheus", "GET", "api/v1/label/__name__/values"),
        ("prometheus", "GET", "api/v1/metadata"),
        ("prometheus", "GET", "api/v1/rules"),
        ("prometheus", "GET", "api/v1/status/buildinfo"),
        ("loki", "GET", "loki/api/v1/query_range"),
        ("loki", "GET", "loki/api/v1/query"),
        ("loki", "GET", "loki/api/v1/labels"),
        ("loki", "GET", "loki/api/v1/label/service_name/values"),
        ("loki", "GET", "loki/api/v1/series"),
        ("loki", "GET", "loki/api/v1/index/stats"),
        ("loki", "GET", "loki/api/v1/index/volume"),
        ("loki", "GET", "loki/api/v1/index/volume_range"),
        ("loki", "GET", "loki/api/v1/patterns"),
        ("loki", "GET", "loki/api/v1/detected_fields"),
        ("loki", "GET", "loki/api/v1/detected_field/level/values"),
        ("loki", "GET", "loki/api/v1/status/buildinfo"),
        ("tempo", "GET", "api/echo"),
        ("tempo", "GET", "api/search"),
        ("tempo", "GET", "api/traces/0af7651916cd43dd8448eb211c80319c"),
        ("tempo", "GET", "api/v2/traces/0af7651916cd43dd8448eb211c80319c"),
        ("tempo", "GET", "api/v2/search/tags"),
        ("tempo", "GET", "api/v2/search/tag/resource.service.name/values"),
        ("tempo", "GET", "api/v2/search/tag/.http.route/values"),
        ("tempo", "GET", "api/v2/search/tag/span:name/values"),
        ("tempo", "GET", "api/metrics/query_range"),
        ("tempo", "GET", "api/status/buildinfo"),
    ],
)
def test_what_grafanas_data_sources_send_passes(backend: Backend, method: str, path: str) -> None:
    assert allowed(backend, method, path)


@pytest.mark.parametrize("tag", ["..", "...", ".", "a/b"])
def test_a_tag_that_is_a_way_to_elsewhere_does_not(tag: str) -> None:
    assert not allowed("tempo", "GET", f"api/v2/search/tag/{tag}/values")


def test_lines_come_in_the_shape_that_grafana_asks_for(
    web: httpx.Client, upstream: Upstream
) -> None:
    flags = {"X-Loki-Response-Encoding-Flags": "categorize-labels"}
    web.get(
        "/v1/telemetry/loki/loki/api/v1/query_range", params={"query": "{a=~'.+'}"}, headers=flags
    )
    sent = upstream.requests[-1].headers
    assert sent["x-loki-response-encoding-flags"] == "categorize-labels"
    assert "authorization" not in sent


def test_nothing_is_compressed_for_a_way_that_stays_on_the_machine(
    web: httpx.Client, upstream: Upstream
) -> None:
    gladly = {"Accept-Encoding": "gzip, br"}
    web.get("/v1/telemetry/prometheus/api/v1/query", params={"query": "up"}, headers=gladly)
    assert upstream.requests[-1].headers["accept-encoding"] == "identity"


def test_a_dashboard_that_draws_itself_anew_is_kept_once_a_minute_and_counts_as_looked_at(
    web: httpx.Client, lab: Lab
) -> None:
    lab.start()
    for second in range(90):
        lab.clock.now += 1
        for query in ("up", "1 + 1"):
            body = {"query": query, "start": str(second), "end": str(second + 900), "step": "5"}
            web.post("/v1/telemetry/prometheus/api/v1/query_range", data=body, headers=CLIENT)
    found = asked(lab)
    assert sorted(entry.query for entry in found) == ["1 + 1", "1 + 1", "up", "up"]
    assert all(entry.asked and entry.client == "grafana" for entry in found)
