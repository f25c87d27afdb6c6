"""The log store: pushing a million lines, asking all questions, finding what has just come."""

from __future__ import annotations

import json
import statistics
import subprocess
import time
from pathlib import Path
from typing import Any

import httpx

from obstack_lab.bench import child, exact
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.log_lines import Line, every_stream, lines, push, pushes
from obstack_lab.bench.question import Question, asked, questions
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.store import Store, store
from obstack_lab.errors import EngineError

LINES = 1_000_000
_SAMPLE = 20_000
_JSON = "application/json"
_PUSH = "/loki/api/v1/push"
_POLARS = Path(__file__).parent / "peer" / "polars_lines.py"


def measure(setting: Setting) -> Measured:
    """Fill a store, ask it, and ask Polars and the exact evaluator the same."""
    count = setting.many(LINES, 50_000)
    end = time.time_ns()
    notes: list[str] = []
    peers = _polars(setting, count, end, notes)
    with store(setting) as under:
        empty = under.memory()
        rate = under.push(_PUSH, pushes(count, end), _JSON, setting)
        figures = {
            "logql_push": figure(
                "lines pushed a second, JSON", [rate], "lines/s", n=count, beside={"Loki": 74_000}
            )
        }
        sample = every_stream(count, end, _SAMPLE)
        for question in questions("logql"):
            setting.tell(question.title)
            beside = dict(peers.get(question.name, {}))
            if (own := exact.milliseconds(question, sample, end, count)) is not None:
                beside["exact evaluator"] = own
            figures[question.name] = _ask(under, question, end, setting, beside)
        figures["logql_memory"] = figure(
            f"the store's memory after {count:,} lines, PSS",
            [full := under.memory()],
            "MB",
            parts={"empty": empty, "data and buffers": full - empty},
            beside={"Loki": 380},
        )
        figures["logql_visible"] = _visible(under, setting)
    return Measured(figures, tuple(notes))


def _ask(
    under: Store, question: Question, end: int, setting: Setting, beside: dict[str, float]
) -> Figure:
    path = "/loki/api/v1/query" if question.kind == "instant" else "/loki/api/v1/query_range"
    parameters = _parameters(question, end)

    def ask() -> httpx.Response:
        return under.http.get(path, params=parameters)

    return asked(question, ask, _result, times=setting.many(15, 3), beside=beside)


def _parameters(question: Question, end: int) -> dict[str, str | int]:
    span = 300 if question.kind == "recent" else 3600
    if question.kind == "instant":
        return {"query": question.query, "time": end}
    window: dict[str, str | int] = {
        "query": question.query,
        "start": end - span * exact.SECOND,
        "end": end,
    }
    return window | ({"step": question.step} if question.step else {"limit": 100})


def _result(answer: Any) -> list[Any]:
    return list(answer["data"]["result"])


def _visible(under: Store, setting: Setting) -> Figure:
    samples = []
    for turn in range(setting.many(10, 3)):
        word = f"needle-{turn}-{time.time_ns()}"
        query = {"query": f'{{stream="s9"}} |= "{word}"', "since": "5m"}

        def seen(query: dict[str, str] = query) -> bool:
            return bool(_result(under.http.get("/loki/api/v1/query_range", params=query).json()))

        body = push([Line(time.time_ns(), 9, f"level=info msg={word}")])
        samples.append(under.seen_after(_PUSH, body, _JSON, seen))
    return figure(
        "a line pushed, until a query finds it",
        samples,
        "s",
        of="worst",
        budget=BUDGETS["logql_visible"],
    )


def _polars(
    setting: Setting, count: int, end: int, notes: list[str]
) -> dict[str, dict[str, float]]:
    """Return what Polars needs for the questions it can be asked, in memory."""
    python = child.python_with("polars")
    if python is None:
        notes.append(child.how_to_get("polars"))
        return {}
    setting.tell("Polars, in memory")
    table = setting.folder / "lines.tsv"
    with table.open("w", encoding="utf-8") as file:
        file.writelines(f"{line.at}\t{line.stream}\t{line.text}\n" for line in lines(count, end))
    done = subprocess.run(
        [python, str(_POLARS), str(table)], capture_output=True, text=True, timeout=180, check=False
    )
    table.unlink()
    if done.returncode:
        raise EngineError(f"Polars failed: {done.stderr.strip()[-300:]}")
    found: dict[str, list[float]] = json.loads(done.stdout)
    return {name: {"Polars": statistics.median(taken)} for name, taken in found.items()}
