"""What the edge reads and writes of HTTP, and whose turn it is behind a route."""

from __future__ import annotations

from collections import Counter

import httptools
import orjson
import pytest

from sut.control import BadCommand
from sut.edge.balance import Balance
from sut.edge.exchange import READ_BYTES, Exchange, Refusal, request_line
from sut.edge.tamper import Tamper
from sut.edge.toxic import KINDS, Toxic

REQUEST = b"POST /orders HTTP/1.1\r\nhost: a\r\ncontent-length: 5\r\n\r\nhello"


def response(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    head = [b"HTTP/1.1 " + status, b"content-length: %d" % len(body), *headers]
    return b"\r\n".join(head) + b"\r\n\r\n" + body


def parts(raw: bytes) -> tuple[bytes, dict[bytes, bytes], bytes]:
    head, _, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.split(b"\r\n")
    return first, dict(line.lower().split(b": ", 1) for line in lines), body


# --- balance ---


def turns(balance: Balance, count: int) -> Counter[str | None]:
    return Counter(balance.pick() for _ in range(count))


def test_each_gets_its_share_and_none_gets_all_of_it_at_once() -> None:
    balance = Balance()
    balance.lead({"a": 5, "b": 1, "c": 1})
    assert "".join(str(balance.pick()) for _ in range(7)) == "aabacaa"
    assert turns(balance, 700) == {"a": 500, "b": 100, "c": 100}


def test_one_that_is_drained_gets_nothing_and_comes_back() -> None:
    balance = Balance()
    balance.lead({"a": 1, "b": 0})
    assert turns(balance, 10) == {"a": 10}
    balance.lead({"a": 1, "b": 1})
    assert turns(balance, 10) == {"a": 5, "b": 5}
    balance.lead({"a": 0, "b": 0})
    assert balance.pick() is None


def test_those_that_were_tried_are_passed_over() -> None:
    balance = Balance()
    balance.lead({"a": 1, "b": 1, "c": 0})
    assert balance.pick(but={"a"}) == "b"
    assert balance.pick(but={"a", "b"}) is None


def test_an_address_with_a_path_takes_only_what_is_below_it() -> None:
    balance = Balance()
    balance.lead({"logs": 1, "traces": 1, "any": 1}, {"logs": "/otlp/", "traces": "/v1/traces"})
    seen = {path: {balance.pick(path=path) for _ in range(9)} for path in ("/otlp/v1/logs", "/")}
    assert seen == {"/otlp/v1/logs": {"logs", "any"}, "/": {"any"}}
    assert balance.pick(but={"any", "logs"}, path="/otlp/v1/logs") is None


def test_a_small_share_is_not_lost_when_others_come_and_go() -> None:
    balance = Balance()
    seen: Counter[str | None] = Counter()
    for number in range(1000):
        balance.lead({"a": 0.9, "b": 0.1, **({"c": 0.0} if number % 2 else {})})
        seen[balance.pick()] += 1
    assert 80 <= seen["b"] <= 120


# --- requests ---


@pytest.mark.parametrize(
    ("data", "line"),
    [
        (REQUEST, ("POST", "/orders")),
        (b"GET / HTTP/1.1\r\n", ("GET", "/")),
        (b"hello GET / HTTP/1.1\r\n", ("", "")),
        (b"\x16\x03\x01\x02\x00", ("", "")),
        (b"GET / HTTP/1.0\r\n\r\n", ("", "")),
    ],
)
def test_a_request_is_told_from_other_bytes(data: bytes, line: tuple[str, str]) -> None:
    assert request_line(data) == line


def test_a_refusal_waits_for_the_whole_request_and_keeps_the_connection() -> None:
    refusal = Refusal(503)
    assert refusal.answer(REQUEST[:-3]) == b""
    first, headers, body = parts(refusal.answer(REQUEST[-3:]))
    assert first == b"HTTP/1.1 503 Service Unavailable"
    assert headers[b"content-length"] == b"%d" % len(body)
    assert orjson.loads(body) == {"detail": "service unavailable"}
    assert refusal.keeps_alive
    assert b"connection" not in headers


def test_a_refusal_closes_where_the_client_wants_to_and_knows_every_status() -> None:
    refusal = Refusal(599)
    request = REQUEST.replace(b"host: a", b"host: a\r\nconnection: close")
    first, headers, _ = parts(refusal.answer(request))
    assert first == b"HTTP/1.1 599 Error"
    assert headers[b"connection"] == b"close"
    assert not refusal.keeps_alive


def test_a_refusal_does_not_answer_what_is_no_request() -> None:
    with pytest.raises(httptools.HttpParserError):
        Refusal(503).answer(b"\x00\x01\x02 what?\r\n\r\n")


# --- answers ---


@pytest.mark.parametrize("cut", [1, 20, -1])
def test_an_answer_passes_unchanged_and_its_end_is_known(cut: int) -> None:
    raw = response(b"hello")
    exchange = Exchange("GET")
    assert exchange.passed(raw[:cut]) == raw[:cut]
    assert (exchange.is_open, exchange.is_complete) == (True, False)
    assert exchange.passed(raw[cut:]) == raw[cut:]
    assert (exchange.is_open, exchange.is_complete) == (False, True)


def test_an_answer_in_chunks_ends_with_the_last_one_and_continue_is_no_answer() -> None:
    exchange = Exchange("POST")
    exchange.passed(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert exchange.is_open
    exchange.passed(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n")
    assert exchange.is_open
    exchange.passed(b"0\r\n\r\n")
    assert exchange.is_complete


@pytest.mark.parametrize(("method", "raw"), [("HEAD", response(b"")), ("GET", b"\x00no HTTP")])
def test_an_answer_whose_end_cannot_be_known_passes(method: str, raw: bytes) -> None:
    exchange = Exchange(method, [Tamper()])
    assert exchange.passed(raw) == raw
    assert (exchange.is_open, exchange.is_complete) == (False, False)


BODY = b'{"id":7,"name":"lamp 12","on":true,"prices":[1.5,{"cents":3}],"note":null}'
JSON = b"Content-Type: application/json"


def tampered(raw: bytes, tamper: Tamper, *, step: int = 10) -> bytes:
    exchange = Exchange("GET", [tamper])
    parts = [exchange.passed(raw[start : start + step]) for start in range(0, len(raw), step)]
    assert not any(parts[:-1]), "nothing goes before the answer is whole"
    assert exchange.is_complete
    return parts[-1]


def test_a_tampered_body_is_still_json_of_the_length_it_says() -> None:
    first, headers, body = parts(tampered(response(BODY, JSON), Tamper()))
    assert first == b"HTTP/1.1 200 OK"
    assert headers[b"content-length"] == b"%d" % len(body)
    assert orjson.loads(body) == {
        "id": None,
        "name": "lamp 12",
        "on": True,
        "note": None,
        "prices": [None, {"cents": None}],
    }


def test_one_field_is_tampered_with_wherever_it_is() -> None:
    _, _, body = parts(tampered(response(BODY, JSON), Tamper(field="cents")))
    assert orjson.loads(body) == {**orjson.loads(BODY), "prices": [1.5, {"cents": None}]}


def test_a_body_in_chunks_is_tampered_with_as_a_whole() -> None:
    head = b"HTTP/1.1 200 OK\r\n" + JSON + b"\r\ntransfer-encoding: chunked\r\n\r\n"
    raw = head + b'4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n'
    _, headers, body = parts(tampered(raw, Tamper()))
    assert b"transfer-encoding" not in headers
    assert orjson.loads(body) == {"a": None}


def test_a_header_is_lost_and_nothing_else() -> None:
    raw = response(BODY, JSON, b"X-Stock: 4", b"x-stock-age: 3")
    assert tampered(raw, Tamper(header="x-stock")) == raw.replace(b"X-Stock: 4\r\n", b"")


def test_a_header_of_a_request_is_lost() -> None:
    request = b"GET / HTTP/1.1\r\nTraceparent: 00-1\r\nhost: a\r\n\r\nTraceparent: x"
    lost = b"GET / HTTP/1.1\r\nhost: a\r\n\r\nTraceparent: x"
    assert Tamper(header="traceparent").request(request) == lost


@pytest.mark.parametrize(
    "raw", [response(b"1,2", b"content-type: text/csv"), response(b"{", JSON), response(BODY)]
)
def test_what_is_no_json_passes_as_it_is(raw: bytes) -> None:
    assert tampered(raw, Tamper()) == raw


def test_an_answer_that_is_too_long_to_hold_passes_as_it_is() -> None:
    raw = response(b"[%s]" % (b"1" * READ_BYTES), JSON)
    exchange = Exchange("GET", [Tamper()])
    passed = [exchange.passed(raw[at : at + 65_536]) for at in range(0, len(raw), 65_536)]
    assert b"".join(passed) == raw


# --- toxics ---


def test_a_toxic_has_all_its_attributes() -> None:
    read = Toxic.read("latency", "upstream", 0.5, {"latency": 40})
    assert read.view() == {
        "type": "latency",
        "stream": "upstream",
        "toxicity": 0.5,
        "attributes": {"latency": 40, "jitter": 0},
    }
    assert Toxic.read("http_tamper", "downstream", 1, {}).attributes == {"header": "", "field": ""}


@pytest.mark.parametrize(
    ("kind", "stream", "toxicity", "attributes", "says"),
    [
        ("gremlin", "upstream", 1, {}, f"known: {', '.join(KINDS)}"),
        (None, "upstream", 1, {}, "no toxic 'None'"),
        ("down", "both", 1, {}, "one of upstream, downstream"),
        ("down", "upstream", True, {}, "0 to 1"),
        ("down", "upstream", 1, {"now": 1}, "known: none"),
        ("bandwidth", "upstream", 1, {"rate": 0}, "0.001 or more"),
        ("loss", "upstream", 1, {"ratio": 1.5}, "0 to 1"),
        ("latency", "upstream", 1, {"latency": float("nan")}, "0 or more"),
        ("latency", "upstream", 1, {"latency": "1"}, "0 or more"),
        ("http_tamper", "downstream", 1, {"field": 3}, "must be a text"),
        ("http_tamper", "upstream", 1, {"field": "id"}, "takes a 'header'"),
        ("slicer", "upstream", 1, {"average_size": 9, "size_variation": 9}, "less than"),
    ],
)
def test_a_toxic_that_cannot_be_is_refused_in_one_sentence(
    kind: object, stream: object, toxicity: object, attributes: dict[str, object], says: str
) -> None:
    with pytest.raises(BadCommand, match=says):
        Toxic.read(kind, stream, toxicity, attributes)
