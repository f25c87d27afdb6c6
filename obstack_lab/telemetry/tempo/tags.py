"""Names of attributes and intrinsics: `/api/search/tags` and `/api/v2/search/tags`."""

from __future__ import annotations

from collections.abc import Iterable

import orjson

from obstack_lab.telemetry.tempo.parameters import BadRequest
from obstack_lab.telemetry.tempo.store import SpanStore
from obstack_lab.telemetry.tempo.tag_filter import TagFilter
from obstack_lab.telemetry.traceql import dedicated

INTRINSICS = (
    "duration", "event:name", "event:timeSinceStart", "instrumentation:name",
    "instrumentation:version", "kind", "link:spanID", "link:traceID", "name", "rootName",
    "rootServiceName", "span:duration", "span:id", "span:kind", "span:name", "span:parentID",
    "span:status", "span:statusMessage", "status", "statusMessage", "trace:duration", "trace:id",
    "trace:rootName", "trace:rootService", "traceDuration",
)  # fmt: skip
SCOPES = ("resource", "span", "event", "link", "instrumentation")


def checked_scope(text: str) -> str:
    """Return the scope asked for, '' for all; raises BadRequest."""
    if text in ("", "none"):
        return ""
    if text not in (*SCOPES, "intrinsic"):
        raise BadRequest(f"invalid scope: {text}")
    return text


def tag_names(store: SpanStore, scope: str, chosen: TagFilter) -> dict[str, list[str]]:
    """Return the names by scope; scopes without any are left out."""
    out: dict[str, list[str]] = {}
    if scope != "intrinsic":
        found = _without_filter(store) if chosen.finds_all else _filtered(store, chosen)
        if chosen.outer and not chosen.finds_all:
            found["event"], found["link"] = set(), set()
        for name in SCOPES:
            if scope in ("", name) and found[name]:
                out[name] = sorted(found[name])
    if scope in ("", "intrinsic"):
        out["intrinsic"] = list(INTRINSICS)
    return out


def _without_filter(store: SpanStore) -> dict[str, set[str]]:
    found = {scope: set[str]() for scope in SCOPES}
    found["span"].update(store.columns.keys())
    _add_owners(store, found, None, None)
    for part, scope in (("e", "event"), ("l", "link")):
        for key in _carried(store, part, "true", ()):
            found[scope].add(key)
    return found


def _add_owners(
    store: SpanStore,
    found: dict[str, set[str]],
    resources: Iterable[int] | None,
    scopes: Iterable[int] | None,
) -> None:
    documents = store.decoder.documents
    for scope, table, numbers in (
        ("resource", "span_resources", resources),
        ("instrumentation", "span_scopes", scopes),
    ):
        rows = documents[table]
        for number in range(len(rows)) if numbers is None else numbers:
            found[scope].update(rows[number].get("a", {}))


def _carried(store: SpanStore, part: str, where: str, values: tuple[object, ...]) -> set[str]:
    """Return the attribute names of events or links."""
    flag = "has_events" if part == "e" else "has_links"
    rows = store.cursor().execute(
        f"SELECT body FROM spans WHERE {flag} AND {where}",  # noqa: S608 - our own names
        list(values),
    )
    names: set[str] = set()
    for (body,) in rows.fetchall():
        for item in orjson.loads(body).get(part, ()):
            names.update(item[2])
    return names


def _filtered(store: SpanStore, chosen: TagFilter) -> dict[str, set[str]]:
    found = {scope: set[str]() for scope in SCOPES}
    predicate = chosen.predicate()
    if predicate is None:
        for span in chosen.spans():
            found["span"].update(span.attributes)
            found["resource"].update(span.resource.attributes)
            found["instrumentation"].update(span.instrumentation.attributes)
            for event in span.events:
                found["event"].update(event.attributes)
            for link in span.links:
                found["link"].update(link.attributes)
    else:
        _by_sql(store, found, predicate.sql, predicate.values)
    keys = set(store.columns.keys())
    found["span"].update(keys.intersection(dedicated.SPAN))
    known = {
        key
        for document in store.decoder.documents["span_resources"]
        for key in document.get("a", ())
    }
    found["resource"].update(known.intersection(dedicated.ALWAYS_RESOURCE))
    return found


def _by_sql(
    store: SpanStore, found: dict[str, set[str]], where: str, values: tuple[object, ...]
) -> None:
    cursor = store.cursor()
    columns = [
        (key, column)
        for key in store.columns.keys()  # noqa: SIM118 - it is no mapping
        for kind in store.columns.types(key)
        if (column := store.columns.column(key, kind))
    ]
    counts = ", ".join(f"count({column})" for _, column in columns) or "0"
    row = cursor.execute(f"SELECT {counts} FROM spans WHERE {where}", list(values)).fetchone()  # noqa: S608 - our own names
    found["span"].update(
        key for (key, _), number in zip(columns, row or (), strict=False) if number
    )
    for name in ("resource_id", "scope_id"):
        rows = cursor.execute(
            f"SELECT DISTINCT {name} FROM spans WHERE {where}",  # noqa: S608 - our own names
            list(values),
        )
        numbers = [number for (number,) in rows.fetchall()]
        _add_owners(
            store,
            found,
            numbers if name == "resource_id" else (),
            numbers if name == "scope_id" else (),
        )
    found["event"] |= _carried(store, "e", where, values)
    found["link"] |= _carried(store, "l", where, values)
