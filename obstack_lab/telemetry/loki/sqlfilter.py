"""Line filters as SQL conditions, for those whose meaning in DuckDB is exactly LogQL's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from obstack_lab.telemetry.logql import ast

_GO_NAMED_GROUP = re.compile(r"\(\?<(?=\w)")


def changes_line(stage: ast.Stage) -> bool:
    """Say whether the stage can give the line another text."""
    return isinstance(stage, ast.LineFormat | ast.Decolorize) or (
        isinstance(stage, ast.TextParser) and stage.kind == "unpack"
    )


def line_conditions(stages: Sequence[ast.Stage]) -> tuple[list[str], list[Any]]:
    """Return conditions and their values for the line filters before the line is changed."""
    conditions: list[str] = []
    parameters: list[Any] = []
    for stage in stages:
        if changes_line(stage):
            break
        if isinstance(stage, ast.LineFilter) and (made := line_condition(stage)):
            conditions.append(made[0])
            parameters += made[1]
    return conditions, parameters


def line_condition(stage: ast.LineFilter) -> tuple[str, list[Any]] | None:
    """Return the SQL of one line filter, or None where only the evaluator knows."""
    parts = (stage, *stage.others)
    if any(part.ip for part in parts) or stage.op in ("|>", "!>"):
        return None
    function = "contains" if stage.op in ("|=", "!=") else "regexp_matches"
    values = [
        _GO_NAMED_GROUP.sub("(?P<", part.value) if function == "regexp_matches" else part.value
        for part in parts
    ]
    condition = " OR ".join(f"{function}(line, ?)" for _ in values)
    return f"{'NOT ' if stage.op[0] == '!' else ''}({condition})", values
