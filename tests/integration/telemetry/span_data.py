"""The traces that a real Tempo and the store are both given."""

from __future__ import annotations

import random
from typing import Any

TRACES = 120
SPAN = 240
"""How many seconds of data there are."""
_MS = 1_000_000
_SERVICES = ("gateway", "orders", "payments", "worker")
_NAMES = ("GET /cart", "GET", "POST /pay", "pay", "select", "publish")


def payload(base: int) -> dict[str, Any]:
    """Return one OTLP/JSON body; its traces begin in the `SPAN` seconds from this one on."""
    chance = random.Random(11)  # noqa: S311 - it must repeat
    batches = []
    for number in range(TRACES):
        start = base * 10**9 + number * SPAN * 10**9 // TRACES
        batches += _trace(f"{chance.getrandbits(128):032x}", start, chance)
    return {"resourceSpans": batches}


def _trace(identity, start, chance):
    spans: dict[str, list[dict[str, Any]]] = {}
    count = chance.choice((1, 2, 4, 6, 9))
    ids = [f"{chance.getrandbits(64) | 1 << 60:016x}" for _ in range(count)]
    for place in range(count):
        parent = ids[chance.randrange(place)] if place else ""
        service = _SERVICES[0] if not place else chance.choice(_SERVICES)
        began = start + place * 2 * _MS
        spans.setdefault(service, []).append(_span(identity, ids[place], parent, began, chance))
    return [
        {
            "resource": {"attributes": _values({
                "service.name": service, **({"region": "eu"} if service == "orders" else {}),
                **({"n": 9} if service == "worker" else {}),
            })},
            "scopeSpans": [{"scope": _scope(service), "spans": of}],
        }
        for service, of in spans.items()
    ]  # fmt: skip


def _scope(service):
    if service == "worker":
        return {}
    scope: dict[str, Any] = {"name": f"lib-{'http' if service == 'gateway' else 'db'}"}
    return scope | {"version": "1.2", "attributes": _values({"lang": "py"})}


def _span(identity, own, parent, began, chance):
    status = chance.choice((0, 0, 0, 1, 2))
    lasted = chance.choice((1, 4, 9, 22, 47, 120)) * _MS
    span = {
        "traceId": identity, "spanId": own, "parentSpanId": parent, "name": chance.choice(_NAMES),
        "kind": chance.randrange(6), "startTimeUnixNano": str(began),
        "endTimeUnixNano": str(began + lasted), "attributes": _values(_attributes(chance)),
        "status": {"code": status, **({"message": "declined"} if status == 2 else {})},
    }  # fmt: skip
    if chance.random() < 0.25:
        kind = chance.choice(("Declined", "Timeout"))
        span["events"] = [
            {"timeUnixNano": str(began + 2 * _MS), "name": chance.choice(("exception", "retry")),
             "attributes": _values({"exception.type": kind, "attempt": 2})},
        ]  # fmt: skip
    if chance.random() < 0.15:
        link = {"traceId": "f" * 32, "spanId": "e" * 16, "attributes": _values({"kind": "retry"})}
        span["links"] = [link]
    return span


def _attributes(chance):
    found: dict[str, Any] = {}
    for name, values in {
        "n": (0, 1, 2, 3, 5, 8), "m": (1, 2, 3), "share": (0.25, 0.5, 1.0, 2.5),
        "ok": (True, False), "path": ("/a", "/a/b", "/b", ""), "region": ("eu", "us"),
        "mixed": (1, "1", 1.5, True),
        "http.response.status_code": (200, 404, 500), "http.url": ("http://x/?q=1", "http://x/"),
        "tags": (["a", "b"], ["c"]), "list": ([1, 2], [3]),
    }.items():  # fmt: skip
        if chance.random() < 0.5:
            found[name] = chance.choice(values)
    return found


def _values(attributes):
    return [{"key": name, "value": _value(value)} for name, value in attributes.items()]


def _value(value):
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value}
