"""The data sets are the same each time, and hold what the questions look for."""

from __future__ import annotations

import json
from collections import Counter

import orjson
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from obstack_lab.bench import exact, log_lines, span_batch
from obstack_lab.bench.full_desk import NOW, series, snapshot
from obstack_lab.bench.question import Question, questions
from obstack_lab.bench.target import response
from obstack_lab.load.step import STEPS, Choice
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.panels import overview, view
from obstack_lab.telemetry.logql.validate import parse

END = 1_800_000_000_000_000_000


def test_lines_are_the_same_each_time_and_fill_the_hour_in_order():
    found = list(log_lines.lines(1000, END))
    assert found == list(log_lines.lines(1000, END))
    times = [line.at for line in found]
    assert times == sorted(times)
    assert times[0] > END - log_lines.HOUR
    assert times[-1] < END
    assert Counter(line.stream for line in found) == dict.fromkeys(range(10), 100)


def test_half_of_the_lines_are_json_and_both_halves_have_errors():
    errors = Counter()
    for line in log_lines.lines(2000, END):
        form = log_lines.labels(line.stream)["format"]
        if form == "json":
            errors[form] += json.loads(line.text)["level"] == "error"
        else:
            errors[form] += "level=error" in line.text
    assert errors["json"] > 10
    assert errors["logfmt"] > 10


def test_a_sample_has_every_stream_alike_from_the_whole_hour():
    sample = log_lines.every_stream(10_000, END, 1000)
    assert Counter(line.stream for line in sample) == dict.fromkeys(range(10), 100)
    assert sample[-1].at - sample[0].at > 0.98 * log_lines.HOUR


def test_pushes_hold_every_line_once():
    bodies = list(log_lines.pushes(2500, END, size=1000))
    assert [count for count, _ in bodies] == [1000, 1000, 500]
    values = [
        len(stream["values"]) for _, body in bodies for stream in orjson.loads(body)["streams"]
    ]
    assert sum(values) == 2500


def test_a_trace_has_ten_spans_below_one_root():
    count, body = next(span_batch.pushes(3, END))
    request = ExportTraceServiceRequest.FromString(body)
    spans = [s for r in request.resource_spans for group in r.scope_spans for s in group.spans]
    assert count == len(spans) == 30
    first = [span for span in spans if span.trace_id == span_batch.trace_id(0)]
    ids = {span.span_id for span in first}
    assert len(ids) == 10
    assert [span.name for span in first if not span.parent_span_id] == ["POST /orders"]
    assert all(span.parent_span_id in ids for span in first if span.parent_span_id)


@pytest.mark.parametrize("language", ["logql", "traceql"])
def test_every_question_has_a_budget_and_a_peer(language):
    found = questions(language)
    assert len({question.name for question in found}) == len(found)
    for question in found:
        assert question.name.startswith(f"{language}_")
        assert 0 < question.budget <= max(question.beside.values())


@pytest.mark.parametrize("question", questions("logql"), ids=lambda question: question.name)
def test_every_logql_question_parses_and_finds_something(question: Question):
    assert parse(question.query)
    sample = list(log_lines.lines(500, END))
    taken = exact.milliseconds(question, sample, END, 1000)
    assert (taken is None) == (question.kind not in {"instant", "range"})


def test_the_trivial_target_answers_what_a_user_accepts():
    head, _, body = response(b"{}").partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert f"Content-Length: {len(body)}".encode() in head
    from obstack_lab.bench.target import _REPORT

    assert STEPS["report"].judge(_REPORT, Choice(1, ((1, 1),), 1), "") == (True, "")


def test_the_full_desk_changes_each_second_and_survives_the_wire():
    first, second = snapshot(0), snapshot(1)
    assert Snapshot.model_validate_json(first.model_dump_json()) == first
    before, after = view.view(first), view.view(second)
    changed = {name for name in before if before[name] != after[name]}
    assert {"header", "users", "tiles", "criteria"} <= changed
    assert len(first.impact.tiles) == 400


def test_the_full_desk_has_points_for_its_charts():
    data = series(NOW)["data"]["result"]
    answers = {
        column.id: {
            item["metric"]["service_name"]: [(t, float(v)) for t, v in item["values"]]
            for item in data
        }
        for column in overview.presets().columns
    }
    block = overview.view(answers, [], NOW)
    assert [service["name"] for service in block["services"]] == ["gateway", "inventory", "orders"]
    assert all(value is not None for value in block["services"][0]["values"]["rate"][:-1])
