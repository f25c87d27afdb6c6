"""The columns of `spans` that hold attributes: one for each key and type, added when first seen."""

from __future__ import annotations

from typing import Any

from obstack_lab.telemetry.tempo.record import Plain

MOST_COLUMNS = 400
"""Keys beyond this stay in the body only; conditions on them are not narrowed by SQL."""

OTHER = "other"
SQL_TYPES = {
    "string": "VARCHAR", "int": "BIGINT", "float": "DOUBLE", "bool": "BOOLEAN", OTHER: "BOOLEAN",
}  # fmt: skip
_TYPE_NAMES = {str: "string", int: "int", float: "float", bool: "bool"}


class AttributeColumns:
    """Knows every key of a span's attributes, its types and their columns."""

    def __init__(self) -> None:
        self._columns: dict[tuple[str, str], str] = {}
        self._keys: dict[str, set[str]] = {}

    def load(self, cursor: Any) -> None:
        """Read the registry of an existing store."""
        for number, key, kind in cursor.execute(
            "SELECT id, key, type FROM attribute_columns"
        ).fetchall():
            self._remember(key, kind, number)

    def _remember(self, key: str, kind: str, number: int) -> None:
        self._keys.setdefault(key, set()).add(kind)
        self._columns[key, kind] = f"a{number}" if number >= 0 else ""

    def keys(self) -> list[str]:
        """Return every key seen."""
        return list(self._keys)

    def types(self, key: str) -> frozenset[str]:
        """Return the types seen of a key: string, int, float, bool, other."""
        return frozenset(self._keys.get(key, ()))

    def column(self, key: str, kind: str) -> str:
        """Return the column of a key and type; '' where it has none."""
        return self._columns.get((key, kind), "")

    def indexed(self, key: str) -> bool:
        """Say whether the columns show every value of a key."""
        return all(self._columns[key, kind] for kind in self.types(key))

    def gather(self, rows: list[dict[str, Plain]], cursor: Any) -> dict[str, tuple[str, list[Any]]]:
        """Return the columns' types and values for these rows; new columns are added."""
        out: dict[str, tuple[str, list[Any]]] = {}
        known, size = self._columns, len(rows)
        for position, attributes in enumerate(rows):
            for key, value in attributes.items():
                kind = _TYPE_NAMES.get(type(value), OTHER)
                column = known.get((key, kind))
                if column is None:
                    column = self._add(key, kind, cursor)
                if column:
                    entry = out.get(column)
                    if entry is None:
                        out[column] = entry = (SQL_TYPES[kind], [None] * size)
                    entry[1][position] = True if kind == OTHER else value
        return out

    def _add(self, key: str, kind: str, cursor: Any) -> str:
        used = sum(1 for column in self._columns.values() if column)
        number = used if used < MOST_COLUMNS else -1
        if number >= 0:
            cursor.execute(f"ALTER TABLE spans ADD COLUMN a{number} {SQL_TYPES[kind]}")
        cursor.execute("INSERT INTO attribute_columns VALUES (?, ?, ?)", [number, key, kind])
        self._remember(key, kind, number)
        return self._columns[key, kind]
