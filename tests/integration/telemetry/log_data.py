"""The log lines that a real Loki and the store are both given: plain ones and odd ones."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from typing import Any

from logql_queries import SPAN

SECOND = 1_000_000_000
ODD = (
    '{"level":"info","msg":"unterminated', "", "   ", "plain words only", "[1,2,3]", '"text"',
    '{"a":1,"a":2,"b":{"c":{"d":"deep"}},"e":[1,{"f":2}]}', "error error error", "null", "{}",
    '{"n":1.50,"x":1e3,"big":12345678901234567890,"neg":-0.0}', '{"a":{"b":{"c":5}},"x y":"z"}',
    "\x1b[31mred error\x1b[0m level=error", 'üñï ☃ level=info msg="grüße"',
    "level=warn level=error",
    '{"_entry":"inner level=info took=5ms","pod":"packed","n":"7","o":{"x":1}}',
    "level= n=4 took=", '{"level":"INFO","nested":{"level":"deep","x y":1},"user":{"id":"u1"}}',
    "level=error n=-7 =x y", 'key="quoted \\"value\\"" other=`back` bare==x =novalue',
    "level=debug took=1h2m3s size=2KiB n=1e2",
    '{"msg":"tab\\tnew\\nline","uni":"\\u2603","level":"warn"}',
    "a=1 b=two c=3.5 d=true e=4ms f=2KiB", '{"":"emptykey","k":"","status":"404"}',
    "192.168.1.17 and 10.0.0.5 and 2001:db8::1 end",
    '{"status":500,"path":"/api/x","level":"error"} trailing',
    '{"level":5,"n":true,"took":"1.5s"}', 'level="a b" n=\'3\' took=90ms err="open \\x41"',
    '{"1st":1,"a-b":2,"a_b":3,"é":4}', "\ttabbed\tn=3",
    '{"a":"\\ud83d\\ude00","b":"\\/","tags":["x","y"]}',
    "level=info level_extracted=x app=inner n=0x10",
    '{"app":"inner","env":"inner","level":"error","n":"5"}', "n=1 n=2 took=1x size=12 amount=1,5",
    '{"level":"error","err":null,"n":-1.5e-3,"user":{"id":"u3","name":{"first":"A"}}}',
    "é=1 a.b=2 c-d=3", 'msg="never closed n=5', "\\x00 {}",
    '{"took":"250ms","size":"3KB","amount":"1e1","status":"x"}', "critical failure", "FATAL: x",
    "Warning: low", "trace it", "level=FATAL", "severity=wrn a", "lvl=dbg",
)  # fmt: skip
PATHS = ("/api/items", "/api/cart?q=a b", "/", "/healthz", "/api/apples/17")
LEVELS = ("info", "info", "info", "debug", "warn", "error")


def pushes(base: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield address and body of each push; the data begins at this second."""
    chance = random.Random(5)  # noqa: S311 - it must repeat
    streams = [
        _stream(base, {"app": "web", "env": "prod", "pod": f"web-{n}"}, 300, n, chance, _web)
        for n in range(2)
    ]
    streams += [
        _stream(base, {"app": "shop", "env": "prod", "pod": "shop-0"}, 300, 2, chance, _shop),
        _stream(base, {"app": "shop", "env": "test"}, 60, 3, chance, _shop),
        _stream(
            base,
            {"app": "odd", "env": "test"},
            2 * len(ODD),
            4,
            chance,
            lambda n, _: ODD[n % len(ODD)],
        ),
        _stream(base, {"job": "db", "env": "prod"}, 100, 5, chance, _access),
        _stream(base, {"app": "meta", "env": "prod"}, 150, 6, chance, _small, meta=True),
    ]
    for stream in streams:
        yield "/loki/api/v1/push", {"streams": [stream]}
    yield "/otlp/v1/logs", _otlp(base)


def _stream(base, labels, count, offset, chance, line, *, meta=False):  # noqa: PLR0917 - a row of the table above
    every = SPAN * SECOND // count
    values = []
    for number in range(count):
        value = [str(base * SECOND + number * every + offset * 1_000_003), line(number, chance)]
        if meta:
            value.append({
                "user_id": f"{number % 7}", "region": ("eu", "us")[number % 2],
                "trace_id": f"{number:032x}", **({"level": "warn"} if number % 10 == 0 else {}),
                **({"app": "clash"} if number % 15 == 0 else {}),
            })  # fmt: skip
        values.append(value)
    return {"stream": labels, "values": values}


def _odd(number, _chance):
    return ODD[number % len(ODD)]


def _web(number, chance):
    document = {
        "level": chance.choice(LEVELS), "path": chance.choice(PATHS),
        "status": chance.choice((200, 200, 201, 404, 500)), "took": f"{chance.randrange(900)}ms",
        "bytes": chance.randrange(90_000), "size": f"{chance.randrange(1, 60)}KB",
        "amount": round(chance.random() * 100, 3), "n": number % 11,
        "user": {"id": f"u{number % 9}", "ip": f"10.0.0.{number % 20}"},
        "tags": ["a", "b"], "ok": bool(number % 2), "none": None, "client": f"10.0.{number % 3}.1",
    }  # fmt: skip
    if number % 13 == 0:
        document |= {"err": "timeout", "app": "inner"}
    return json.dumps(document, separators=(",", ":") if number % 2 else None)


def _shop(number, chance):
    line = (
        f'level={chance.choice(LEVELS)} msg="{chance.choice(("paid", "no funds", "GET /x"))}" '
        f"status={chance.choice((200, 404, 503))} "
        f"took={chance.choice(('5ms', '1.2s', '87us', '3m'))} "
        f"n={number % 9} amount={chance.randrange(100)}.{chance.randrange(10)}0 size={number % 5}KB"
    )
    return line + (' err="dial tcp 10.0.0.9:5432: refused" empty= flag' if number % 7 == 0 else "")


def _access(number, chance):
    return (
        f'10.1.{number % 4}.{number % 30} - - "{chance.choice(("GET", "POST"))} '
        f'{chance.choice(PATHS)} HTTP/1.1" {chance.choice((200, 404, 500))} '
        f"{chance.randrange(5000)} "
        f"{chance.random():.3f}" + ("\n\tdetail: error" if number % 9 == 0 else "")
    )


def _small(number, chance):
    return f"level={chance.choice(LEVELS)} paid={'true' if number % 2 else 'false'} n={number}"


def _otlp(base):
    records = []
    for number in range(80):
        moment = base * SECOND + number * 15 * SECOND + 77
        body = {"stringValue": f"otlp {number} took={number}ms"}
        if number % 8 == 0:
            body = {"kvlistValue": {"values": [{"key": "a", "value": {"intValue": str(number)}}]}}
        records.append({
            "timeUnixNano": str(moment), "observedTimeUnixNano": str(moment + 5),
            "severityNumber": (5, 9, 13, 17)[number % 4], "severityText": "x" if number % 3 else "",
            "body": body, "traceId": f"{number:032x}", "spanId": f"{number:016x}",
            "attributes": [
                {"key": "http.route", "value": {"stringValue": PATHS[number % 5]}},
                {"key": "n", "value": {"intValue": str(number % 6)}},
                {"key": "ok", "value": {"boolValue": number % 2 == 0}},
                {"key": "ratio", "value": {"doubleValue": number / 4}},
            ],
        })  # fmt: skip
    resource = [
        {"key": "service.name", "value": {"stringValue": "orders"}},
        {"key": "deployment.environment", "value": {"stringValue": "prod"}},
        {"key": "host.name", "value": {"stringValue": "h1"}},
    ]
    scope = {"name": "lib", "version": "1.2"}
    return {
        "resourceLogs": [{
            "resource": {"attributes": resource},
            "scopeLogs": [{"scope": scope, "logRecords": records}],
        }]
    }  # fmt: skip
