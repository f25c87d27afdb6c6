"""Polars on the same lines, in memory, in a process of its own: `polars_lines.py TABLE`.

Imports nothing of the lab: the Python that has Polars may be another. Prints milliseconds by the
question's name as one JSON line.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

import polars as pl

_TIMES = 5
_TEN_SECONDS = 10_000_000_000
_JSON_STREAMS = 5


def main() -> None:
    """Read the table, ask everything some times."""
    table = pl.read_csv(
        sys.argv[1],
        separator="\t",
        has_header=False,
        new_columns=["at", "stream", "line"],
        quote_char=None,
    )
    line = pl.col("line")
    document = table.filter(pl.col("stream") < _JSON_STREAMS)
    bucket = (pl.col("at") // _TEN_SECONDS).alias("bucket")

    def level() -> pl.Expr:
        return line.str.json_path_match("$.level").alias("level")

    questions: dict[str, Callable[[], object]] = {
        "logql_filter": lambda: table.filter(line.str.contains("error", literal=True)).height,
        "logql_regex": lambda: table.filter(
            line.str.contains("time(d )?out after [0-9]+ms")
        ).height,
        "logql_json": lambda: document.filter(level() == "error").height,
        "logql_count_over_time": lambda: table.group_by("stream", bucket).len(),
        "logql_json_by_level": lambda: document.group_by(level(), bucket).len(),
        "logql_topk": lambda: document.group_by(
            line.str.json_path_match("$.path").alias("path")
        ).len().top_k(3, by="len"),
    }  # fmt: skip
    print(json.dumps({name: _times(ask) for name, ask in questions.items()}))  # noqa: T201


def _times(ask: Callable[[], object]) -> list[float]:
    taken = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        ask()
        taken.append((time.perf_counter() - began) * 1000)
    return taken


if __name__ == "__main__":
    main()
