"""What Prometheus reads is what its own library would have written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.exposition import generate_latest

from sut.exposition import Exposition
from sut.metrics import Metrics

ACCEPT = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.3"
VALUES = st.one_of(st.floats(), st.integers(-(2**60), 2**60).map(float))


@given(st.lists(st.tuples(st.text(max_size=8), st.text(max_size=8), VALUES), max_size=6))
def test_every_label_and_value_reads_as_the_library_writes_it(
    samples: list[tuple[str, str, float]],
) -> None:
    registry = CollectorRegistry()
    gauge = Gauge("g", 'says "so"\nand \\ more', ("b", "a"), registry=registry)
    histogram = Histogram("h_seconds", "h", ("a",), buckets=(0.1, 1.0), registry=registry)
    Gauge("alone", "without labels", registry=registry).set(3)
    Counter("c_total", "c", registry=registry).inc(2, {"trace_id": 'a"b\\'})
    exposition = Exposition(registry)
    for first, second, value in samples:
        gauge.labels(first, second).set(value)
        histogram.labels(second).observe(abs(value), {"trace_id": first})
        for _ in range(2):
            assert exposition.text(ACCEPT)[0] == generate_latest(registry)


def test_a_series_that_is_gone_is_neither_shown_nor_kept() -> None:
    registry = CollectorRegistry()
    gauge = Gauge("g", "g", ("a",), registry=registry)
    exposition = Exposition(registry)
    for name in ("first", "second"):
        gauge.labels(name).set(1)
        exposition.text(ACCEPT)
    gauge.remove("first")
    assert b"first" not in exposition.text(ACCEPT)[0]
    assert len(exposition._heads) == 2


@pytest.mark.parametrize("accept", ["", "application/openmetrics-text;version=0.0.1"])
def test_a_client_without_this_openmetrics_gets_the_classic_text(accept: str) -> None:
    body, content_type = Metrics().expose(accept)
    assert content_type.startswith("text/plain")
    assert b"# EOF" not in body


def test_the_content_type_is_the_librarys() -> None:
    assert Metrics().expose(ACCEPT)[1] == choose_encoder(ACCEPT)[1]
