"""The tables and indexes with which the shop's data set begins, read from its statements."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

_TABLE = re.compile(r"create table (\w+) \((.*?)\n\)", re.IGNORECASE | re.DOTALL)
_INDEX = re.compile(r"create index (\w+) on (\w+) (.+?);", re.IGNORECASE | re.DOTALL)
_ADDED_KEY = re.compile(r"alter table (\w+) add primary key (\(.+?\));", re.IGNORECASE)
_TABLE_KEY = re.compile(r"^\s*primary key (\(.+?\))", re.IGNORECASE)
_COLUMN_KEY = re.compile(r"^\s*(\w+) .*\b(primary key|unique)\b", re.IGNORECASE)
Key = Literal["", "primary", "unique"]


@dataclass(frozen=True)
class Index:
    """An index: of what, and whether a key of its table stands on it."""

    name: str
    table: str
    on: str
    """the columns in brackets, and the condition of a partial index"""
    key: Key = ""


@cache
def indexes() -> dict[str, Index]:
    """Return every index of the data set by its name, those of keys among them."""
    found = [
        Index(name, table, " ".join(on.split())) for name, table, on in _INDEX.findall(_text())
    ]
    found += [
        Index(f"{table}_pkey", table, on, "primary") for table, on in _ADDED_KEY.findall(_text())
    ]
    for table, body in _TABLE.findall(_text()):
        found += _keys(table, body)
    return {index.name: index for index in found}


def tables() -> tuple[str, ...]:
    """Return the tables of the data set."""
    return tuple(sorted({table for table, _ in _TABLE.findall(_text())}))


def _keys(table: str, body: str) -> Iterator[Index]:
    for line in body.splitlines():
        if whole := _TABLE_KEY.match(line):
            yield Index(f"{table}_pkey", table, whole[1], "primary")
        elif (column := _COLUMN_KEY.match(line)) and column[2].lower() == "unique":
            yield Index(f"{table}_{column[1]}_key", table, f"({column[1]})", "unique")
        elif column:
            yield Index(f"{table}_pkey", table, f"({column[1]})", "primary")


@cache
def _text() -> str:
    folder = files("sut.seed") / "sql"
    found = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".sql"))
    return "\n".join(file.read_text(encoding="utf-8") for _, file in found)
