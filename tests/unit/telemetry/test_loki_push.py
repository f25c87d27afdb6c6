"""What comes in: JSON, protobuf under snappy, OTLP in both encodings, and what is refused."""

from __future__ import annotations

import contextlib
import gzip

import cramjam
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from obstack_lab.telemetry.loki import body, otlp, push
from obstack_lab.telemetry.loki.record import Record, Refused

OTLP_JSON = {
    "resourceLogs": [{
        "resource": {"attributes": [
            {"key": "service.name", "value": {"stringValue": "orders"}},
            {"key": "host.name", "value": {"stringValue": "h1"}},
        ]},
        "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": [{
            "timeUnixNano": "5", "observedTimeUnixNano": "6", "severityNumber": 17,
            "severityText": "ERROR", "body": {"stringValue": "broken"},
            "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331",
            "attributes": [
                {"key": "http.route", "value": {"stringValue": "/x"}},
                {"key": "n", "value": {"intValue": "7"}},
                {"key": "zone", "value": {"kvlistValue": {"values": [
                    {"key": "a.b", "value": {"boolValue": True}}]}}},
            ],
        }]}],
    }]
}  # fmt: skip
META = {
    "host_name": "h1", "scope_name": "lib", "http_route": "/x", "n": "7", "zone_a_b": "true",
    "observed_timestamp": "6", "severity_number": "17", "severity_text": "ERROR",
    "trace_id": "0af7651916cd43dd8448eb211c80319c", "span_id": "b7ad6b7169203331",
}  # fmt: skip


def varint(value: int) -> bytes:
    out = b""
    while value > 127:
        out += bytes([value & 127 | 128])
        value >>= 7
    return out + bytes([value])


def field(number: int, content: bytes) -> bytes:
    return varint(number << 3 | 2) + varint(len(content)) + content


def test_a_json_push_gives_lines_with_their_metadata() -> None:
    (batch,) = push.parse_json(orjson.dumps(
        {"streams": [{"stream": {"a": "b"}, "values": [["7", "x", {"t": "1"}], ["8", "y"]]}]}
    ))  # fmt: skip
    assert batch.labels == {"a": "b"}
    assert batch.records == [Record(7, "x", {"t": "1"}), Record(8, "y")]


def test_a_protobuf_push_gives_the_same() -> None:
    stamp = field(1, b"\x08\x05\x10\x07")
    meta = field(3, field(1, b"t") + field(2, b"1"))
    stream = field(1, b'{a="b", c="d\\"e"}') + field(2, stamp + field(2, b"x") + meta)
    content = bytes(cramjam.snappy.compress_raw(field(1, stream)))
    (batch,) = push.parse_protobuf(content)
    assert batch.labels == {"a": "b", "c": 'd"e'}
    assert batch.records == [Record(5_000_000_007, "x", {"t": "1"})]


def test_otlp_json_and_protobuf_give_the_same_record() -> None:
    (from_json,) = otlp.parse_json(orjson.dumps(OTLP_JSON))
    request = ExportLogsServiceRequest()
    resource = request.resource_logs.add()
    for key, text in (("service.name", "orders"), ("host.name", "h1")):
        resource.resource.attributes.add(key=key).value.string_value = text
    scope = resource.scope_logs.add()
    scope.scope.name = "lib"
    record = scope.log_records.add(
        time_unix_nano=5, observed_time_unix_nano=6, severity_number=17, severity_text="ERROR",
        trace_id=bytes.fromhex(META["trace_id"]), span_id=bytes.fromhex(META["span_id"]),
    )  # fmt: skip
    record.body.string_value = "broken"
    record.attributes.add(key="http.route").value.string_value = "/x"
    record.attributes.add(key="n").value.int_value = 7
    inner = record.attributes.add(key="zone").value.kvlist_value.values.add(key="a.b")
    inner.value.bool_value = True
    (from_proto,) = otlp.parse_protobuf(request.SerializeToString())
    assert from_json.labels == from_proto.labels == {"service_name": "orders"}
    assert from_json.records == from_proto.records == [Record(5, "broken", META)]


@pytest.mark.parametrize(
    "content",
    [b"{", b"[]", b'{"streams":[]}', b'{"streams":[{"stream":{"a":1}}]}',
     b'{"streams":[{"values":[["x","y"]]}]}', b'{"streams":[{"values":[["99999999999999999999","y"]]}]}',  # noqa: E501 - the text under test is as long
     b'{"streams":[{"values":[["1","y",{"m":1}]]}]}'],
)  # fmt: skip
def test_a_wrong_json_push_is_refused(content: bytes) -> None:
    with pytest.raises(Refused):
        push.check(push.parse_json(content))


@pytest.mark.parametrize(
    "labels",
    [{"a b": "x"}, {f"l{n}": "x" for n in range(20)}, {"n" * 1025: "x"}, {"a": "x" * 2049}],
)
def test_labels_over_the_limits_are_refused(labels: dict[str, str]) -> None:
    batches = push.parse_json(
        orjson.dumps({"streams": [{"stream": labels, "values": [["1", "x"]]}]})
    )
    with pytest.raises(Refused):
        push.check(batches)


@settings(max_examples=300, deadline=None)
@given(st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=60).map(lambda content: bytes(cramjam.snappy.compress_raw(content))),
    st.recursive(
        st.one_of(st.none(), st.integers(-5, 5), st.text(max_size=5), st.booleans()),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(
            st.sampled_from(["streams", "stream", "values", "resourceLogs", "scopeLogs", "body",
                             "logRecords", "resource", "attributes", "key", "value", "intValue",
                             "kvlistValue", "timeUnixNano", "bytesValue"]), inner, max_size=3)),
        max_leaves=12,
    ).map(orjson.dumps),
))  # fmt: skip
def test_any_bytes_are_taken_or_refused(content: bytes) -> None:
    for reader in (push.parse_json, push.parse_protobuf, otlp.parse_json, otlp.parse_protobuf):
        with contextlib.suppress(Refused):
            push.check(reader(content))
    for encoding in ("gzip", "zstd", "lz4", "deflate", "br"):
        with contextlib.suppress(Refused):
            body.decoded(content, encoding)


def test_a_body_that_would_grow_too_large_is_refused() -> None:
    bomb = gzip.compress(b"\0" * (body.LARGEST + 1))
    with pytest.raises(Refused) as caught:
        body.decoded(bomb, "gzip")
    assert caught.value.status == 413
