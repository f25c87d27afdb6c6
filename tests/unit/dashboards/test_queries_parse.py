"""Every query of every dashboard is one that its language takes, whatever the reader chooses."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from obstack_lab.dashboards.library import library
from obstack_lab.dashboards.model import VARIABLE
from obstack_lab.telemetry.logql import parser as logql
from obstack_lab.telemetry.traceql import query_parser as traceql

FOUND = library()
CHOICES = {"window": "10s", "service": "orders"}


def queries(language: str) -> list[str]:
    asked = [q for d in FOUND.dashboards for panel in d.panels for q in panel.queries]
    texts = [q.text for q in asked if q.language == language]
    texts += [mark.query for mark in FOUND.marks if mark.language == language]
    return sorted({VARIABLE.sub(lambda found: CHOICES[found[1]], text) for text in texts})


@pytest.mark.parametrize("query", queries("logql"))
def test_a_logql_query_parses(query: str) -> None:
    logql.read(query)


@pytest.mark.parametrize("query", queries("traceql"))
def test_a_traceql_query_parses(query: str) -> None:
    traceql.parse(query)


def test_promql_queries_parse_in_prometheus(tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not on PATH")
    rules = [{"record": f"q{n}", "expr": text} for n, text in enumerate(queries("promql"))]
    file = tmp_path / "rules.json"
    file.write_text(json.dumps({"groups": [{"name": "asked", "rules": rules}]}), encoding="utf-8")
    done = subprocess.run(
        [promtool, "check", "rules", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
