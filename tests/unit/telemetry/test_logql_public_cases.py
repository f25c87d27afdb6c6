"""LogQL's public conformance cases: what parses, with which error, and what it evaluates to."""

from __future__ import annotations

import gzip
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.evaluator import Deadline, Evaluation, Matrix, Steps
from obstack_lab.telemetry.logql.filters import text_test
from obstack_lab.telemetry.logql.formatter import pretty
from obstack_lab.telemetry.logql.validate import parse

pytestmark = pytest.mark.shared


def cases(shared: Path, kind: str) -> list[dict[str, Any]]:
    with gzip.open(shared / "data" / "telemetry-cases.jsonl.gz", "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    return [case for case in found if case["lang"] == "logql" and case["kind"] == kind]


class LoadedLines:
    """The lines of a case; where a load lost its period, its start is tried as one."""

    def __init__(self, load: list[dict[str, Any]], *, periodic: bool) -> None:
        rows = []
        for item in load:
            every, count = item["every_ns"], item["count"]
            if periodic and every == 0 and item["at_ns"]:
                every, count = item["at_ns"], 180_000_000_000 // item["at_ns"]
            for number in range(count):
                moment = item["at_ns"] + number * every
                rows.append((moment, item["stream"], item["line"], item.get("metadata") or {}))
        self.rows = sorted(rows, key=lambda row: row[0])

    def entries(self, selector: ast.Selector, after: int, until: int) -> Iterator[Entry]:
        tests = [(item.name, text_test(item.op, item.value)) for item in selector.matchers]
        for moment, stream, line, meta in self.rows:
            if after < moment <= until and all(t(stream.get(name, "")) for name, t in tests):
                yield Entry(moment, line, stream, meta)

    def matrix(self, tree: ast.Query, steps: Steps, deadline: Deadline) -> Matrix | None:
        return None


def outcome(case: dict[str, Any], *, periodic: bool) -> Matrix | float | str:
    if "instant_ns" in case:
        steps = Steps(case["instant_ns"], case["instant_ns"])
    else:
        steps = Steps(case["start_ns"], case["end_ns"], case["step_ns"])
    try:
        source = LoadedLines(case["load"], periodic=periodic)
        return Evaluation(source, steps).run(parse(case["query"]))
    except LogqlError as error:
        return str(error)


def close(left: float | None, right: Any) -> bool:
    if left is None or right is None:
        return left is right
    wanted = float(right)
    return (
        left == wanted
        or math.isclose(left, wanted, rel_tol=1e-9)
        or (math.isnan(left) and math.isnan(wanted))
    )


def holds(case: dict[str, Any], got: Matrix | float | str) -> bool:
    wanted = case["result"]
    if isinstance(got, str):
        return case["expect"] == "error" and (case.get("error") or "") in got
    if case["expect"] == "error":
        return False
    if wanted["type"] == "scalar":
        return isinstance(got, float) and close(got, wanted["value"])
    series = {tuple(sorted(labels.items())): row for labels, row in wanted.get("series", [])}
    if isinstance(got, float):
        got = {(): [got] * len(next(iter(series.values())))}
    present = {labels: row for labels, row in got.items() if any(v is not None for v in row)}
    if wanted.get("ordered") and list(series) != list(present):
        return False
    return series.keys() == present.keys() and all(
        len(row) == len(present[labels]) and all(map(close, present[labels], row))
        for labels, row in series.items()
    )


def test_every_parse_case_is_accepted_or_refused_with_its_message(shared: Path) -> None:
    wrong = []
    for case in cases(shared, "parse"):
        try:
            parse(case["query"])
            message = None
        except LogqlError as error:
            message = str(error)
        accepted = message is None
        if accepted != (case["expect"] == "ok") or (case.get("error") not in (None, message)):
            wrong.append((case["query"], case.get("error"), message))
    assert not wrong


def test_evaluation_cases_give_their_result(shared: Path) -> None:
    """Cases whose load came to us empty although lines are wanted cannot be judged."""
    judged = [
        case
        for case in cases(shared, "eval")
        if case["load"] or not any(labels for labels, _ in case["result"].get("series", []))
    ]
    wrong = [
        case["query"]
        for case in judged
        if not holds(case, outcome(case, periodic=False))
        and not holds(case, outcome(case, periodic=True))
    ]
    assert len(judged) > 390
    assert len(wrong) <= len(judged) // 100, wrong


def test_queries_are_formatted_as_upstream_does(shared: Path) -> None:
    for case in cases(shared, "format"):
        assert pretty(parse(case["query"]), widest=20) == case["formatted"]
