"""Indexes and statistics of the shop's tables."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.actions.database import Database
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import DATABASE
from obstack_lab.orchestrator.views import ParameterView

_INDEX = re.compile(r"create index (\w+) (on .+?);", re.IGNORECASE | re.DOTALL)
_TABLE = re.compile(r"create table (?:if not exists )?(\w+)", re.IGNORECASE)


@cache
def _schema() -> str:
    """Return the statements that make the data set's tables and indexes."""
    folder = files("sut.seed") / "sql"
    found = sorted((file.name, file) for file in folder.iterdir() if file.name.endswith(".sql"))
    return "\n".join(file.read_text(encoding="utf-8") for _, file in found)


def indexes() -> dict[str, str]:
    """Return the indexes of the data set: name, and what follows it in the statement."""
    return {name: " ".join(rest.split()) for name, rest in _INDEX.findall(_schema())}


def tables() -> tuple[str, ...]:
    """Return the tables of the data set."""
    return tuple(sorted(set(_TABLE.findall(_schema()))))


def _index_name() -> tuple[ParameterView, ...]:
    return (
        ParameterView(
            name="index",
            kind="choice",
            choices=tuple(sorted(indexes())),
            description="an index of the shop's data set",
        ),
    )


class CreateIndex(Action):
    """Makes an index that is missing, while everything goes on."""

    name = "create_index"
    title = "Create an index"
    description = "Makes an index of the data set that is missing or broken."
    effect = "The index, made concurrently: nobody waits, and it takes a moment of I/O."
    target = DATABASE

    def declared(self) -> tuple[ParameterView, ...]:
        return _index_name()

    def do(self, place: Place, at: str, params: Params) -> Effect:
        name = str(params["index"])
        before = _state(place.database, name)
        if before == "there":
            return Effect(at, "schema", f"{at}: {name} is there already", before, before)
        if before == "invalid":
            place.database.run("drop_index", names={"index": name})
        try:
            place.database.run_schema(f"CREATE INDEX CONCURRENTLY {name} {indexes()[name]}")
        except EngineError:
            place.database.run("drop_index", names={"index": name})
            raise
        return Effect(at, "schema", f"{at}: {name} {before} → there", before, "there")


class DropIndex(Action):
    """Removes an index, while everything goes on."""

    name = "drop_index"
    title = "Drop an index"
    description = "Removes an index of the data set."
    effect = "The index is gone: writes get cheaper, what read through it scans the table."
    destructive = "removes an index: what reads through it gets slower"
    target = DATABASE

    def declared(self) -> tuple[ParameterView, ...]:
        return _index_name()

    def do(self, place: Place, at: str, params: Params) -> Effect:
        name = str(params["index"])
        before = _state(place.database, name)
        place.database.run("drop_index", names={"index": name})
        return Effect(at, "schema", f"{at}: {name} {before} → missing", before, "missing")


class AnalyzeTable(Action):
    """Gives the planner fresh figures."""

    name = "analyze_table"
    title = "Analyse a table"
    description = "Collects the statistics anew from which PostgreSQL plans queries."
    effect = "The table's statistics: plans fit the data as it is now."
    target = DATABASE

    def declared(self) -> tuple[ParameterView, ...]:
        about = "a table of the shop"
        return (ParameterView(name="table", kind="choice", choices=tables(), description=about),)

    def do(self, place: Place, at: str, params: Params) -> Effect:
        table = str(params["table"])
        before = _analyzed(place.database, table)
        place.database.run("analyze", names={"table": table})
        after = _analyzed(place.database, table)
        return Effect(at, "schema", f"{at}: {table} {before} → {after}", before, after)


def _state(database: Database, index: str) -> str:
    found = database.run("index_state", {"index": index})
    if not found:
        return "missing"
    return "there" if found[0]["valid"] else "invalid"


def _analyzed(database: Database, table: str) -> str:
    found = database.run("statistics", {"table": table})
    if not found:
        return "unknown"
    row = found[0]
    return f"analysed {row['analyzed']}, {row['live']} rows, {row['dead']} dead"
