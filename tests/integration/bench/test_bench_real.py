"""Benchmarks on real processes, in their quick form; all that they start ends with them."""

from __future__ import annotations

import os

import psutil
import pytest

from obstack_lab.bench import child, consumption, ingest, panels, traceql
from obstack_lab.bench import load as load_benchmark
from obstack_lab.bench.setting import Setting
from obstack_lab.bench.stage import stage, users

pytestmark = pytest.mark.integration


@pytest.fixture
def setting(tmp_path):
    tmp_path.chmod(0o755)
    return Setting(tmp_path, quick=True)


@pytest.fixture(autouse=True)
def _nothing_is_left():
    before = set(psutil.Process().children(recursive=True))
    yield
    left = set(psutil.Process().children(recursive=True)) - before
    assert not [each for each in left if each.status() != psutil.STATUS_ZOMBIE]


def test_the_load_is_measured_and_a_missing_peer_is_a_note(setting, monkeypatch):
    monkeypatch.setenv(child.PEERS_VARIABLE, "/nowhere/python")
    measured = load_benchmark.measure(setting)
    figures = measured.figures
    assert figures["load_on_time"].n > 500
    assert 0 <= figures["load_on_time"].value <= 1
    assert 0.02 < figures["load_cpu_per_request"].value < 50
    if not figures["load_on_time"].beside:
        assert "skipped beside Locust" in measured.notes[0]


def test_every_question_to_the_trace_store_is_answered(setting):
    figures = traceql.measure(setting).figures
    unanswered = [name for name, each in figures.items() if each.value is None]
    assert not unanswered
    assert figures["traceql_push"].n == 20_000


def test_every_line_of_a_stream_is_counted_while_questions_are_asked(setting):
    figures = ingest.measure(setting).figures
    assert figures["ingest_wrong"].value == 0
    assert figures["ingest_rate"].n == 100_000
    assert figures["ingest_query"].value > 0


def test_a_refresh_of_the_desk_is_measured_in_a_kernel(setting):
    made = panels.measure(setting).figures["panels_refresh"]
    assert made.n == 16
    assert 0.5 < made.value < 3000


def test_a_lab_is_weighed_by_component_and_gone_afterwards(setting):
    with stage(setting) as on, users(on, setting):
        taken = consumption.of_lab(on)
        assert {"orchestrator", "load", "postgres", "prometheus", "telemetry"} <= set(taken.memory)
        assert all(megabytes > 1 for megabytes in taken.memory.values())
        assert taken.memory["postgres"] > 20, "its own processes count, too"
        assert taken.cpu["orchestrator"] > 0
        lab_id = on.state.lab_id
    for process in psutil.process_iter():
        try:
            assert process.pid == os.getpid() or lab_id not in process.environ().values()
        except psutil.Error:
            continue
