"""Requests as Grafana's data sources and logcli send them, by their public documentation.

`client_requests.json` holds them with what the client looks at in the answer: a path into the JSON
(`#` for a length), `spans` for the spans in a protobuf answer, the empty path for the whole text.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData

FOLDER = Path(__file__).parent
SAMPLE = json.loads((FOLDER / "construct_sample.json").read_text(encoding="utf-8"))
KNOWN = json.loads((FOLDER / "client_requests.json").read_text(encoding="utf-8"))


@pytest.fixture
def filled(face):
    assert face.post("/loki/api/v1/push", json=SAMPLE["logs"]).status_code == 204
    assert face.post("/v1/traces", json=SAMPLE["traces"]).status_code == 200
    return face


def looked_at(response, path):
    if not path:
        return response.text
    if path == "spans":
        assert response.headers["content-type"] == "application/protobuf"
        return spans_of(response.content)
    found = response.json()
    for name in path.removesuffix("#").split("/"):
        found = found[int(name)] if isinstance(found, list) else found[name]
    return len(found) if path.endswith("#") else found


def spans_of(body):
    """Count the spans of a trace, bare or as the first field of an answer."""
    message = TracesData()
    message.ParseFromString(body)
    total = sum(len(scope.spans) for one in message.resource_spans for scope in one.scope_spans)
    return total or spans_of(unwrapped(body))


def unwrapped(body):
    """Return the content of a message's first field, which holds the trace."""
    length, shift, at = 0, 0, 1
    while True:
        length |= (body[at] & 0x7F) << shift
        at += 1
        if body[at - 1] < 0x80:
            return body[at : at + length]
        shift += 7


@pytest.mark.parametrize("request_", KNOWN["requests"], ids=lambda one: one["what"])
def test_a_client_gets_what_it_looks_at(filled, request_):
    response = filled.request(
        request_["method"],
        request_["path"],
        params=[tuple(pair) for pair in request_["params"]],
        headers=request_["headers"],
    )
    assert response.status_code == request_["status"], response.text
    found = {path: looked_at(response, path) for path in request_["expect"]}
    assert found == request_["expect"], response.text[:2000]


def test_logcli_tails_past_lines_and_then_fresh_ones(filled):
    tail = KNOWN["tail"]
    with filled.websocket_connect(tail["path"], headers=tail["headers"]) as socket:
        past = socket.receive_json()
        assert set(past) == {"streams"}
        assert sum(len(stream["values"]) for stream in past["streams"]) == 3
        moment = str(int(SAMPLE["to"]) * 10**9)
        fresh = {"stream": {"app": "shop", "env": "prod"}, "values": [[moment, "fresh"]]}
        pushed = filled.post("/loki/api/v1/push", json={"streams": [fresh]})
        assert pushed.status_code == 204
        (stream,) = socket.receive_json()["streams"]
        assert stream["stream"]["app"] == "shop"
        assert stream["values"] == [[moment, "fresh"]]
