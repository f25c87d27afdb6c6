"""Log lines are JSON, shipping is bounded and never waits, metrics say who they are."""

from __future__ import annotations

import io
import json
import logging

import pytest
from opentelemetry import trace
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.sdk.trace import TracerProvider

from sut.log import LibraryHandler, Line, Log, request_scope
from sut.metrics import Metrics
from sut.shipping import LogShipper

RESOURCE = {"service.name": "orders", "service.version": "1.4.2"}


class Route:
    path = "/products/{product_id}"


class Disk(io.BytesIO):
    def write(self, _: object) -> int:
        raise OSError(28, "No space left on device")


def line(number: int) -> Line:
    return Line(number, "info", b'{"message":"%d"}' % number, 0, 0)


def sent(bodies: list[bytes]) -> list[str]:
    return [
        json.loads(record.body.string_value)["message"]
        for body in bodies
        for group in ExportLogsServiceRequest.FromString(body).resource_logs
        for scope in group.scope_logs
        for record in scope.log_records
    ]


def test_a_line_carries_level_message_trace_route_and_fields() -> None:
    stream, shipped = io.BytesIO(), []
    log = Log(stream, shipped.append)
    token = request_scope.set({"route": Route})
    with TracerProvider().get_tracer("t").start_as_current_span("s") as span:
        log.warning("pool timeout", pool_size=4)
    request_scope.reset(token)
    written = json.loads(stream.getvalue())
    context = span.get_span_context()
    assert written.pop("ts") > 0
    assert written == {
        "level": "warning",
        "message": "pool timeout",
        "trace_id": trace.format_trace_id(context.trace_id),
        "span_id": trace.format_span_id(context.span_id),
        "http_route": "/products/{product_id}",
        "pool_size": 4,
    }
    assert shipped[0].text == stream.getvalue().strip()


def test_the_level_decides_what_is_written() -> None:
    stream = io.BytesIO()
    log = Log(stream)
    log.debug("unseen")
    log.set_level("error")
    log.warning("unseen")
    log.error("seen")
    assert b"unseen" not in stream.getvalue()
    assert b"seen" in stream.getvalue()


def test_a_full_disk_does_not_fail_a_request() -> None:
    shipped: list[Line] = []
    log = Log(Disk(), shipped.append)
    log.info("order placed")
    assert log.unwritten == 1
    assert len(shipped) == 1


def test_warnings_of_libraries_become_our_lines() -> None:
    stream = io.BytesIO()
    record = logging.LogRecord("psycopg.pool", logging.WARNING, "", 1, "lost %s", ("x",), None)
    LibraryHandler(Log(stream)).emit(record)
    written = json.loads(stream.getvalue())
    assert (written["message"], written["logger"]) == ("lost x", "psycopg.pool")


def test_a_full_queue_drops_the_oldest_and_counts_it() -> None:
    bodies: list[bytes] = []
    shipper = LogShipper(lambda body: bodies.append(body) or 200, RESOURCE, capacity=3)
    for number in range(5):
        shipper.offer(line(number))
    shipper.flush()
    assert sent(bodies) == ["2", "3", "4"]
    assert shipper.dropped == 2


@pytest.mark.parametrize("failure", [OSError("refused"), 503])
def test_lines_wait_for_a_store_that_comes_back(failure: OSError | int) -> None:
    bodies: list[bytes] = []
    answers: list[OSError | int] = [failure, 200]

    def post(body: bytes) -> int:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        if answer == 200:
            bodies.append(body)
        return answer

    shipper = LogShipper(post, RESOURCE, capacity=3)
    for number in range(3):
        shipper.offer(line(number))
    shipper.flush()
    shipper.offer(line(3))
    shipper.flush()
    assert sent(bodies) == ["1", "2", "3"]
    assert shipper.dropped == 1


def test_lines_a_store_refuses_are_given_up() -> None:
    shipper = LogShipper(lambda _: 400, RESOURCE)
    shipper.offer(line(1))
    shipper.flush()
    assert shipper.dropped == 1


def test_metrics_have_no_labels_that_a_scrape_would_rename() -> None:
    metrics = Metrics()
    metrics.request_seconds.labels("/orders", "POST", "201").observe(0.2, {"trace_id": "ab"})
    body, content_type = metrics.expose("application/openmetrics-text; version=1.0.0")
    text = body.decode()
    assert content_type.startswith("application/openmetrics-text")
    assert 'le="0.25"} 1.0 # {trace_id="ab"} 0.2' in text
    assert "process_resident_memory_bytes" in text
    assert "_created" not in text
    for label in ("service=", "instance=", "job="):
        assert label not in text
