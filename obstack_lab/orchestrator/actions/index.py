"""Make and remove indexes: those of the data set, those of its keys, and the operator's own."""

from __future__ import annotations

from typing import NoReturn

from obstack_lab.errors import ActionError, EngineError
from obstack_lab.orchestrator.actions.database import Database
from obstack_lab.orchestrator.actions.dataset import Index, indexes, tables
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import DATABASE
from obstack_lab.orchestrator.views import ParameterView

_LONGEST_NAME = 63
_DIRECTIONS = ("asc", "desc")


class CreateIndex(Action):
    """Makes an index that is missing, while everything goes on."""

    name = "create_index"
    title = "Create an index"
    description = (
        "Makes an index that is missing or broken: one of the data set by its name, with the key "
        "that stands on it, or one of your own by table and columns."
    )
    effect = (
        "The index, made concurrently: nobody waits, and it takes a moment of I/O. "
        "A key also needs its table for a moment."
    )
    target = DATABASE
    parameters = (
        ParameterView(
            name="index",
            kind="choice",
            choices=tuple(sorted(indexes())),
            description="an index of the shop's data set",
            optional=True,
        ),
        ParameterView(
            name="table",
            kind="choice",
            choices=tables(),
            description="for an index of your own: its table",
            optional=True,
        ),
        ParameterView(
            name="columns",
            kind="text",
            description="for an index of your own: its columns, as `status, placed_at desc`",
            optional=True,
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        index = _wanted(place.database, params)
        before = _state(place.database, index)
        if before == "there":
            told = f"{at}: {index.name} is there already"
            return Effect(at, "schema", told, before, before)
        if before == "invalid":
            place.database.run("drop_index", names={"index": index.name})
        try:
            _make(place.database, index, there=before == "without its key")
        except EngineError:
            if before != "without its key":
                place.database.run("drop_index", names={"index": index.name})
            raise
        told = f"{at}: {index.name} on {index.table} {index.on} {before} → there"
        return Effect(at, "schema", told, before, "there")


class DropIndex(Action):
    """Removes an index, while everything goes on."""

    name = "drop_index"
    title = "Drop an index"
    description = "Removes an index on which no key stands."
    effect = "The index is gone: writes get cheaper, what read through it scans the table."
    destructive = "removes an index: what reads through it gets slower"
    target = DATABASE

    parameters = (
        ParameterView(name="index", kind="text", description="the data set's, or one of your own"),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        name = str(params["index"])
        there = [str(row["name"]) for row in place.database.run("free_indexes")]
        if name not in there:
            raise ActionError(
                f"drop_index: '{name}' is no index without a key. There are: {', '.join(there)}.",
                action=self.name,
                parameter="index",
            )
        place.database.run("drop_index", names={"index": name})
        return Effect(at, "schema", f"{at}: {name} there → missing", "there", "missing")


def _wanted(database: Database, params: Params) -> Index:
    """Return which index is meant; raise ActionError where that is not clear."""
    name, table, columns = (str(params.get(each, "")) for each in ("index", "table", "columns"))
    if name and (table or columns):
        _refuse("table" if table else "columns", "say either index=… or table=… and columns=…")
    if name:
        return indexes()[name]
    if not table:
        meant = "columns of which table" if columns else "say index=…, or table=… and columns=…"
        _refuse("table" if columns else "index", meant)
    return _own(database, table, columns)


def _own(database: Database, table: str, columns: str) -> Index:
    known = [str(row["name"]) for row in database.run("columns", {"table": table})]
    parts = [part.split() for part in columns.lower().split(",")]
    for part in parts:
        if not part or part[0] not in known or part[1:] not in ([], *([d] for d in _DIRECTIONS)):
            said = " ".join(part) or "nothing"
            _refuse("columns", f"'{said}' is no column of {table}: {', '.join(known)}")
    if len({part[0] for part in parts}) < len(parts):
        _refuse("columns", f"a column stands twice in '{columns}'")
    name = "_".join((table, *("_".join(part) for part in parts), "idx"))[-_LONGEST_NAME:]
    return Index(name, table, f"({', '.join(' '.join(part) for part in parts)})")


def _make(database: Database, index: Index, *, there: bool) -> None:
    unique = "UNIQUE " if index.key else ""
    if not there:
        database.run_schema(
            f"CREATE {unique}INDEX CONCURRENTLY {index.name} ON {index.table} {index.on}"
        )
    if index.key:
        statement = "add_key" if index.key == "primary" else "add_unique"
        database.run(statement, names={"table": index.table, "index": index.name})


def _state(database: Database, index: Index) -> str:
    found = database.run("index_state", {"index": index.name})
    if not found:
        return "missing"
    if not found[0]["valid"]:
        return "invalid"
    return "without its key" if index.key and not found[0]["holds_key"] else "there"


def _refuse(parameter: str, why: str) -> NoReturn:
    raise ActionError(f"create_index: {why}.", action="create_index", parameter=parameter)
