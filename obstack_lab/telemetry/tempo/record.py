"""A span on its way into the store: numbers to filter by, and the rest as one JSON text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

Plain: TypeAlias = str | int | float | bool | dict[str, Any]
"""An attribute's value: a scalar as itself, anything else in OTLP/JSON's form."""

MOST_NANOSECONDS = 2**62
"""The year 2116; sums of two such times still fit a column."""


@dataclass(slots=True)
class Record:
    """One span as it is kept; `attributes` is also part of `body`."""

    trace_id: int
    span_id: int
    parent_id: int
    resource: str
    scope: str
    name: str
    kind: int
    status: int
    status_message: str
    started: int
    duration: int
    has_events: bool
    has_links: bool
    attributes: dict[str, Plain]
    body: str


def pack(document: dict[str, Any]) -> str:
    """Return the JSON text of a document; empty members are left out."""
    kept = {key: value for key, value in document.items() if value}
    return orjson.dumps(kept).decode()


def clip(nanoseconds: int) -> int:
    """Return a time that fits the store's columns."""
    return max(0, min(nanoseconds, MOST_NANOSECONDS))
