"""The store and a real Loki give the same answers to the same generated requests.

It runs where a `loki` is on the PATH. `OBSTACK_DIFFERENTIAL` says how many requests (300), and
`OBSTACK_DIFFERENTIAL_SEED` which ones (1).
"""

from __future__ import annotations

import json
import math
import os
import re
import sys
import time
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from log_data import pushes
from logql_queries import LogqlQueries
from real_program import config, free_port, program, running, store

pytestmark = pytest.mark.integration

COUNT = int(os.environ.get("OBSTACK_DIFFERENTIAL", "300"))
SEED = int(os.environ.get("OBSTACK_DIFFERENTIAL_SEED", "1"))
LEAST_ALIKE = 0.98
ESTIMATES = ("index/volume", "index/volume_range", "detected_labels")
"""Loki estimates these from its chunks: only who answers is compared, not how much."""


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    folder = tmp_path_factory.mktemp("loki")
    name = program("loki")
    ports = {"http": free_port(), "grpc": free_port()}
    argv = [name, f"-config.file={config(folder / 'real', 'loki.yaml', ports)}"]
    url = f"http://127.0.0.1:{ports['http']}"
    with running(argv, url, folder / "real"), store(folder / "ours") as ours:
        base = int(time.time()) // 600 * 600 - 1800
        with (
            httpx.Client(base_url=url, timeout=30) as real,
            httpx.Client(base_url=ours, timeout=30) as own,
        ):
            for path, body in pushes(base):
                for client in (real, own):
                    assert client.post(path, json=body).is_success
            yield real, own, base


def asked(client, path, given):
    response = client.get(f"/loki/api/v1/{path}", params=given)
    body = response.json() if response.is_success and response.content else response.text
    return response.status_code, body


def plain(body):
    """Return what is compared of an answer: without statistics, in one order."""
    if not isinstance(body, dict):
        return re.sub(r"for series: '.*'", "for series", body.strip(), flags=re.DOTALL)
    data = body.get("data")
    if isinstance(data, dict):
        result = data.get("result")
        if isinstance(result, list) and result and isinstance(result[0], dict):
            result = sorted(
                result,
                key=lambda one: json.dumps(one.get("stream", one.get("metric")), sort_keys=True),
            )
        return {"type": data.get("resultType"), "result": result}
    return sorted(data, key=json.dumps) if isinstance(data, list) else data


def labels_of(one):
    return json.dumps(one.get("stream", one.get("metric")), sort_keys=True)


def same(left, right):
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, str) and isinstance(right, str) and left != right:
        return math.isclose(number(left), number(right), rel_tol=1e-9)
    return left == right


def number(text):
    try:
        return float(text)
    except ValueError:
        return math.nan


def series(body):
    return sorted(json.dumps(one["metric"], sort_keys=True) for one in body["data"]["result"])


def alike(path, left, right):
    if left[0] != right[0]:
        return False
    if path in ESTIMATES and left[0] == 200:
        return path == "detected_labels" or series(left[1]) == series(right[1])
    return same(plain(left[1]), plain(right[1]))


def test_the_store_answers_like_a_real_loki(both):
    real, own, base = both
    generator = LogqlQueries(SEED, base)
    asked_count, differing = 0, []
    for _ in range(COUNT):
        path, given = generator.case()
        wanted = asked(real, path, given)
        if wanted[0] == 500:
            continue
        asked_count += 1
        if not alike(path, wanted, asked(own, path, given)):
            differing.append((path, given))
    share = 1 - len(differing) / asked_count
    assert share >= LEAST_ALIKE, f"seed {SEED}: {share:.1%} alike; differing: {differing[:10]}"
