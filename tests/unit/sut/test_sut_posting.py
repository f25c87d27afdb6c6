"""What a service ships goes over one kept connection, and a store that is away is told of once."""

from __future__ import annotations

import logging
import socket
import threading
from collections.abc import Iterator
from http.client import HTTPException

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sut.shipping import HttpPost
from sut.tracing import SpanShipper, start_tracing

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class Store:
    """Answers so many requests on each connection and closes it."""

    def __init__(self, *answers: int) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/v1/traces"
        self.bodies: list[bytes] = []
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._serve, args=(answers,), daemon=True)
        self._thread.start()

    def _serve(self, answers: tuple[int, ...]) -> None:
        for count in answers:
            connection, _ = self._listener.accept()
            with connection, connection.makefile("rb") as file:
                for _ in range(count):
                    size = next(
                        int(line.split(b":")[1]) for line in file if line.startswith(b"Content-Len")
                    )
                    while file.readline().strip():
                        pass
                    self.bodies.append(file.read(size))
                    connection.sendall(OK)
            self._closed.set()

    def has_closed(self) -> None:
        assert self._closed.wait(5)

    def close(self) -> None:
        self._listener.close()
        self._thread.join(5)


@pytest.fixture
def stores() -> Iterator[list[Store]]:
    made: list[Store] = []
    yield made
    for store in made:
        store.close()


def test_a_connection_that_the_store_closed_meanwhile_costs_nothing(stores: list[Store]) -> None:
    store = Store(1, 1)
    stores.append(store)
    post = HttpPost(store.url)
    assert post(b"first") == 200
    store.has_closed()
    assert post(b"second") == 200
    assert store.bodies == [b"first", b"second"]


def test_a_new_connection_that_is_cut_is_not_tried_again(stores: list[Store]) -> None:
    store = Store(0, 1)
    stores.append(store)
    post = HttpPost(store.url)
    with pytest.raises((ConnectionError, HTTPException)):
        post(b"lost")
    assert post(b"next") == 200
    assert store.bodies == [b"next"]


def test_spans_arrive_as_otlp(stores: list[Store]) -> None:
    store = Store(1)
    stores.append(store)
    tracing = start_tracing(store.url, {"service.name": "orders"})
    with tracing.tracer.start_as_current_span("POST /orders"):
        pass
    tracing.close()
    (body,) = store.bodies
    (group,) = ExportTraceServiceRequest.FromString(body).resource_spans
    assert {a.key: a.value.string_value for a in group.resource.attributes} == {
        "service.name": "orders"
    }
    assert [span.name for scope in group.scope_spans for span in scope.spans] == ["POST /orders"]


def test_a_store_that_takes_no_spans_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    answers: list[int | OSError] = [OSError("refused"), 503, 200, 500]

    def post(_: bytes) -> int:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    exporter = SpanShipper(post)
    with caplog.at_level(logging.WARNING):
        results = [exporter.export([]).name for _ in range(4)]
    assert results == ["FAILURE", "FAILURE", "SUCCESS", "FAILURE"]
    assert [record.getMessage() for record in caplog.records] == [
        "spans cannot be exported: OSError: refused",
        "spans cannot be exported: HTTP status 500",
    ]
