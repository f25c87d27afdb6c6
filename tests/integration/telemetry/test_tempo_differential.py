"""The store and a real Tempo find the same in the same generated requests.

It runs where a `tempo` is on the PATH. `OBSTACK_DIFFERENTIAL` says how many requests (300), and
`OBSTACK_DIFFERENTIAL_SEED` which ones (1). Compared are the spans found, the series, the names and
values of tags, and the texts of errors; not which attributes a found span is shown with.
"""

from __future__ import annotations

import json
import math
import os
import sys
import time
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from real_program import config, free_port, program, running, store
from span_data import SPAN, TRACES, payload
from traceql_queries import TraceqlQueries

pytestmark = pytest.mark.integration

COUNT = int(os.environ.get("OBSTACK_DIFFERENTIAL", "300"))
SEED = int(os.environ.get("OBSTACK_DIFFERENTIAL_SEED", "1"))
LEAST_ALIKE = 0.8
FOUND_WITHIN = 90.0


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tempo")
    name = program("tempo")
    ports = {"http": free_port(), "grpc": free_port(), "otlp": free_port()}
    argv = [name, f"-config.file={config(folder / 'real', 'tempo.yaml', ports)}"]
    url = f"http://127.0.0.1:{ports['http']}"
    with running(argv, url, folder / "real"), store(folder / "ours") as ours:
        base = int(time.time()) // 600 * 600 - 1800
        with (
            httpx.Client(base_url=url, timeout=30) as real,
            httpx.Client(base_url=ours, timeout=30) as own,
        ):
            for address in (f"http://127.0.0.1:{ports['otlp']}", ours):
                sent = httpx.post(f"{address}/v1/traces", json=payload(base), timeout=30)
                assert sent.is_success
            window = (base - 5, base + SPAN + 60)
            await_traces(real, window)
            yield real, own, window


def await_traces(client, window):
    given = {"q": "{ }", "start": window[0], "end": window[1], "limit": 2 * TRACES}
    deadline = time.monotonic() + FOUND_WITHIN
    while time.monotonic() < deadline:
        if len(client.get("/api/search", params=given).json().get("traces") or ()) == TRACES:
            return
        time.sleep(1)
    pytest.fail(f"the real one did not show {TRACES} traces within {FOUND_WITHIN:.0f} s")


def found(response):
    """Return what is compared of an answer."""
    if response.status_code != 200:
        return response.status_code, response.text.strip()
    body = response.json()
    if "traces" in body:
        return 200, {
            one["traceID"]: [sorted(s["spanID"] for s in of["spans"]) for of in one["spanSets"]]
            for one in body["traces"]
        }
    if "tagValues" in body or "scopes" in body:
        parts = body.get("tagValues") or body.get("scopes")
        return 200, sorted(json.dumps(part, sort_keys=True) for part in parts)
    return 200, {labels(one): samples(one) for one in body.get("series") or ()}


def labels(one):
    return json.dumps(sorted(one.get("labels") or (), key=lambda label: label["key"]))


def samples(one):
    given = one.get("samples") or [{"timestampMs": 0, "value": one.get("value", 0)}]
    return {int(sample["timestampMs"]): float(sample.get("value", 0)) for sample in given}


def same(left, right):
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, float) and isinstance(right, float):
        return math.isclose(left, right, rel_tol=1e-9) or (math.isnan(left) and math.isnan(right))
    return left == right


def test_the_store_finds_what_a_real_tempo_finds(both):
    real, own, window = both
    generator = TraceqlQueries(SEED, window)
    asked, differing = 0, []
    for _ in range(COUNT):
        path, given = generator.case()
        wanted = found(real.get(f"/api/{path}", params=given))
        if wanted[0] == 500:
            continue
        asked += 1
        got = found(own.get(f"/api/{path}", params=given))
        if wanted[0] != got[0] or not same(wanted[1], got[1]):
            differing.append((path, given.get("q")))
    share = 1 - len(differing) / asked
    assert share >= LEAST_ALIKE, f"seed {SEED}: {share:.1%} alike; differing: {differing[:10]}"
