"""The evaluator's source of lines over the store."""

from __future__ import annotations

from collections.abc import Iterator

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.evaluator import Deadline, Matrix, Steps
from obstack_lab.telemetry.loki.fastpath import fast_matrix
from obstack_lab.telemetry.loki.store import LogStore


class StoreSource:
    """Gives lines in order of time, and fast paths where they are exact."""

    def __init__(self, store: LogStore) -> None:
        self.store = store

    def entries(self, selector: ast.Selector, after: int, until: int) -> Iterator[Entry]:
        """Yield the entries with `after < timestamp <= until`, oldest first."""
        return self.store.scan(selector, after + 1, until + 1, order="ASC")

    def matrix(self, tree: ast.Query, steps: Steps, deadline: Deadline) -> Matrix | None:
        """Return the result where DuckDB can group the lines itself."""
        return fast_matrix(self.store, tree, steps, deadline)
