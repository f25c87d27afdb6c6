"""Statistics of the shop's tables."""

from __future__ import annotations

from obstack_lab.orchestrator.actions.database import Database
from obstack_lab.orchestrator.actions.dataset import tables
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import DATABASE
from obstack_lab.orchestrator.views import ParameterView


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


def _analyzed(database: Database, table: str) -> str:
    found = database.run("statistics", {"table": table})
    if not found:
        return "unknown"
    row = found[0]
    return f"analysed {row['analyzed']}, {row['live']} rows, {row['dead']} dead"
