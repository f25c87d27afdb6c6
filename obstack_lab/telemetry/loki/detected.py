"""Fields that lines seem to have: what a log browser offers before anyone writes a parser."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from obstack_lab.telemetry.logql import ast, gonumber
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.jsonline import parse_json
from obstack_lab.telemetry.logql.logfmtline import parse_logfmt
from obstack_lab.telemetry.logql.validate import parse
from obstack_lab.telemetry.loki.lines import LineReader
from obstack_lab.telemetry.loki.query import parse_limit
from obstack_lab.telemetry.loki.times import Parameters, bounds

LOOKED_AT = 1000
"""How many of the newest lines are looked at."""
_READERS: tuple[tuple[str, Callable[[str], float]], ...] = (
    ("int", lambda text: float(gonumber.parse_int(text))),
    ("float", gonumber.parse_float),
    ("duration", gonumber.parse_duration),
    ("bytes", gonumber.parse_size),
)


class DetectedService:
    """Looks at the newest lines of a query; safe from any thread."""

    def __init__(self, lines: LineReader) -> None:
        self.lines = lines

    def fields(self, get: Parameters) -> dict[str, Any]:
        """Return the fields with their type, how many values they have and what parses them."""
        values, parsers = self._found(get)
        limit = parse_limit(get("limit") or "1000")
        fields = [
            {
                "label": name,
                "type": kind_of(found),
                "cardinality": len(found),
                "parsers": sorted(parsers[name]) or None,
            }
            for name, found in sorted(values.items())
        ]
        return {"fields": fields[:limit], "limit": limit}

    def values(self, get: Parameters, name: str) -> dict[str, Any]:
        """Return the values of one field."""
        limit = parse_limit(get("limit") or "1000")
        values, _ = self._found(get)
        return {"values": sorted(values.get(name, ()))[:limit], "limit": limit}

    def _found(self, get: Parameters) -> tuple[dict[str, set[str]], dict[str, set[str]]]:
        tree = parse(get("query"))
        if not isinstance(tree, ast.Selector):
            raise LogqlError("only log queries have fields to detect")
        start, end = bounds(get, time.time_ns())
        values: dict[str, set[str]] = {}
        parsers: dict[str, set[str]] = {}
        logfmt = parse_logfmt(strict=False, keep_empty=False)
        for entry in self.lines.read(tree, start, end, limit=LOOKED_AT):
            for name, value in entry.meta.items():
                values.setdefault(name, set()).add(value)
                parsers.setdefault(name, set())
            parser = "json" if entry.line.lstrip()[:1] == "{" else "logfmt"
            fresh = Entry(entry.timestamp, entry.line, entry.stream, entry.meta)
            (parse_json if parser == "json" else logfmt)(fresh)
            for name, value in fresh.parsed.items():
                values.setdefault(name, set()).add(value)
                parsers.setdefault(name, set()).add(parser)
        return values, parsers


def kind_of(values: set[str]) -> str:
    """Return the type that all the values have: int, float, duration, bytes, boolean or string."""
    if values <= {"true", "false"}:
        return "boolean"
    return next((kind for kind, read in _READERS if all(_reads(read, v) for v in values)), "string")


def _reads(read: Callable[[str], float], text: str) -> bool:
    try:
        read(text)
    except gonumber.GoError:
        return False
    return True
