"""Which traces a query has to look at: SQL over the span table, newest first."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from obstack_lab.telemetry.tempo.predicate import ALL, Predicate, Translator
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.traceql.conditions import Request, condition_of
from obstack_lab.telemetry.traceql.span import Trace
from obstack_lab.telemetry.traceql.syntax import (
    Aggregate,
    Binary,
    Coalesce,
    Expression,
    Filter,
    Intrinsic,
    Pipeline,
    ScalarFilter,
    SpansetExpression,
    SpansetOperation,
    Static,
)

LONGEST_TRACE = 3600 * 10**9
"""A trace that overlaps a window has no span further away from it than this."""

_FIRST_PAGE = 40
_PAGE = 400
_NEWEST_SHARE = 16
_CANDIDATES = (
    "SELECT trace_high, trace_low FROM spans WHERE {where} GROUP BY trace_high, trace_low "
    "HAVING {having} ORDER BY max(started) DESC, trace_low LIMIT {limit} OFFSET {offset}"
)


@dataclass(frozen=True, slots=True)
class Window:
    """A time range in nanoseconds; both ends belong to it."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A trace with at least one such span."""

    predicate: Predicate


@dataclass(frozen=True, slots=True)
class Both:
    """A trace of which both hold."""

    left: Need
    right: Need


@dataclass(frozen=True, slots=True)
class Either:
    """A trace of which one holds."""

    left: Need
    right: Need


Need: TypeAlias = Leaf | Both | Either


def need_of(node: SpansetExpression, translator: Translator) -> Need:
    """Return what a trace must contain so that the node can find spans in it."""
    if isinstance(node, Filter):
        need: Need = Leaf(translator.predicate(node.expression))
        for name, value in _root_names(node.expression):
            need = Both(need, Leaf(_root(name, value, translator)))
        return need
    if isinstance(node, Pipeline):
        first = node.stages[0]
        if isinstance(first, Filter | SpansetOperation | Pipeline):
            return need_of(first, translator)
        return Leaf(ALL)
    left, right = need_of(node.left, translator), need_of(node.right, translator)
    if node.op.startswith("!"):
        return right
    return Either(left, right) if node.op == "||" else Both(left, right)


def _root_names(node: Expression) -> Iterator[tuple[str, str]]:
    """Yield what a conjunction says about the root's name and service."""
    if not isinstance(node, Binary):
        return
    if node.op == "&&":
        yield from _root_names(node.left)
        yield from _root_names(node.right)
        return
    condition = condition_of(node)
    if condition is None or condition.op != "=" or not isinstance(condition.field, Intrinsic):
        return
    if condition.field.name in ("rootName", "rootServiceName"):
        value = condition.value
        if isinstance(value, str) and value:
            yield condition.field.name, value


def _root(name: str, value: str, translator: Translator) -> Predicate:
    if name == "rootName":
        return Predicate("(parent_id = 0 AND name = ?)", (value,))
    numbers = [
        str(number)
        for number, resource in enumerate(list(translator.decoder.resources))
        if resource.service == value
    ]
    if not numbers:
        return Predicate("false")
    return Predicate(f"(parent_id = 0 AND resource_id IN ({', '.join(numbers)}))")


def _leaves(need: Need) -> list[Predicate]:
    if isinstance(need, Leaf):
        return [need.predicate]
    return _leaves(need.left) + _leaves(need.right)


def _having(need: Need) -> tuple[str, list[Any]]:
    if isinstance(need, Leaf):
        if need.predicate.certain:
            return "true", []
        return f"bool_or({need.predicate.sql})", list(need.predicate.values)
    left, values = _having(need.left)
    right, more = _having(need.right)
    word = "AND" if isinstance(need, Both) else "OR"
    return f"({left} {word} {right})", values + more


class Plan:
    """The candidates of a query, read page by page; without bodies their spans lack attributes."""

    def __init__(
        self,
        store: SpanStore,
        pipeline: Pipeline,
        request: Request,
        window: Window | None,
        *,
        first_page: int = 40,
        bodies: bool = True,
    ) -> None:
        self.store = store
        self.window = window
        self.tree = request.tree
        self.bodies = bodies
        self.first_page = max(1, min(first_page, _FIRST_PAGE))
        translator = Translator(store.columns, store.decoder, request)
        self.need = need_of(pipeline, translator)
        self.least = _least_spans(pipeline)
        self.where, self.values = _where(_leaves(self.need), self.need)
        if window is not None:
            self.where = f"started BETWEEN ? AND ? AND {self.where}"
            self.values = [window.start - LONGEST_TRACE, window.end + 10**9, *self.values]

    def traces(self) -> Iterator[list[Trace]]:
        """Yield the traces that may match, newest first, a page at a time, each once."""
        seen: set[tuple[int, int]] = set()
        for found in self._pages():
            fresh = [identity for identity in found if identity not in seen]
            seen.update(fresh)
            for began in range(0, len(fresh), _PAGE):
                part = fresh[began : began + _PAGE]
                yield self.store.traces(part, tree=self.tree, bodies=self.bodies)

    def _pages(self) -> Iterator[list[tuple[int, int]]]:
        having, more = ("true", []) if isinstance(self.need, Leaf) else _having(self.need)
        if self.least > 1 and isinstance(self.need, Leaf):
            having = f"count(*) >= {self.least}"
        offset, limit = 0, self.first_page
        newest = self._newest() if isinstance(self.need, Leaf) and self.least == 1 else None
        if newest is not None:
            recent = self._page(f"started > {newest} AND {self.where}", having, more, limit, 0)
            if len(recent) == limit:
                yield recent
                offset, limit = limit, _PAGE
        while True:
            found = self._page(self.where, having, more, limit, offset)
            yield found
            if len(found) < limit:
                return
            offset += limit
            limit = _PAGE if offset <= _FIRST_PAGE else limit * 8

    def _page(
        self, where: str, having: str, more: list[Any], limit: int, offset: int
    ) -> list[tuple[int, int]]:
        statement = _CANDIDATES.format(where=where, having=having, limit=limit, offset=offset)
        found: list[tuple[int, int]] = (
            self.store.cursor().execute(statement, [*self.values, *more]).fetchall()
        )
        return found

    def _newest(self) -> int | None:
        """Return where the newest part of the spans begins: common filters find enough in it."""
        if self.store.extent is None:
            return None
        oldest, newest = self.store.extent
        if self.window is not None:
            oldest, newest = max(oldest, self.window.start), min(newest, self.window.end)
        return int(newest - (newest - oldest) // _NEWEST_SHARE)


def _least_spans(pipeline: Pipeline) -> int:
    """Return how many spans the first filter must find, as a later `count()` demands."""
    least = 1
    if not isinstance(pipeline.stages[0], Filter):
        return least
    for stage in pipeline.stages[1:]:
        if isinstance(stage, Filter | SpansetOperation | Pipeline | Coalesce):
            break
        if not isinstance(stage, ScalarFilter) or stage.left != Aggregate("count"):
            continue
        number = stage.right.value if isinstance(stage.right, Static) else None
        if type(number) is int and stage.op in ("=", ">=", ">"):
            least = max(least, number + (stage.op == ">"))
    return least


def _where(leaves: list[Predicate], need: Need) -> tuple[str, list[Any]]:
    """Return the condition on rows: one that every needed span fulfils."""
    if any(leaf.certain for leaf in leaves):
        if isinstance(need, Both):
            narrow = [leaf for leaf in leaves if not leaf.certain]
            if len(narrow) < len(leaves) and narrow and not _has_either(need):
                leaves = narrow
            else:
                return "true", []
        else:
            return "true", []
    parts = [leaf.sql for leaf in leaves]
    values = [value for leaf in leaves for value in leaf.values]
    return f"({' OR '.join(parts)})", values


def _has_either(need: Need) -> bool:
    if isinstance(need, Leaf):
        return False
    return isinstance(need, Either) or _has_either(need.left) or _has_either(need.right)
