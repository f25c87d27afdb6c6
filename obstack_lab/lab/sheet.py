"""A small table that reads well as text and in a notebook, escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from html import escape


@dataclass(frozen=True)
class Sheet:
    """Rows under a title: `print` shows text, a notebook a table; `bool` is the answer."""

    title: str
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = field(default=())
    note: str = ""
    ok: bool = True

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        lines = [self.title]
        table = [self.columns, *self.rows] if self.columns else list(self.rows)
        if table:
            widths = [max(len(str(row[i])) for row in table) for i in range(len(table[0]))]
            lines += [
                "  ".join(str(cell).ljust(width) for cell, width in zip(row, widths, strict=True))
                for row in table
            ]
        return "\n".join(line.rstrip() for line in [*lines, self.note] if line)

    def _repr_html_(self) -> str:
        head = "".join(f"<th>{escape(name)}</th>" for name in self.columns)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>"
            for row in self.rows
        )
        table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
        note = f"<p>{escape(self.note)}</p>" if self.note else ""
        return f"<p><strong>{escape(self.title)}</strong></p>{table if self.rows else ''}{note}"
