"""The newest lines of all streams in memory: most questions for lines want no others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import itemgetter

Row = tuple[int, int, str, str, str | None, int]
"""Time, stream, line, level, metadata as JSON, shape."""

MOST_LINES = 8_192
MOST_SIGNS = 3_000_000
"""How much is kept at least while there is more; it is shortened at twice as much."""

_time = itemgetter(0)


class Recent:
    """Every line from `floor` on; older ones are in the database alone.

    Its owner lets one thread in at a time.
    """

    def __init__(self, floor: int) -> None:
        self.floor = floor
        self._rows: dict[int, list[Row]] = {}
        self._lines = 0
        self._signs = 0

    def add(self, row: Row) -> None:
        """Take a line in, unless it is older than the others."""
        if row[0] < self.floor:
            return
        rows = self._rows.get(row[1])
        if rows is None:
            self._rows[row[1]] = rows = []
        rows.append(row)
        self._lines += 1
        self._signs += len(row[2])
        if self._lines > 2 * MOST_LINES or self._signs > 2 * MOST_SIGNS:
            self._shorten()

    def drop(self, before: int) -> None:
        """Let go of the lines older than this."""
        if before <= self.floor:
            return
        self.floor = before
        kept = {
            stream: [row for row in rows if row[0] >= before] for stream, rows in self._rows.items()
        }
        self._rows = {stream: rows for stream, rows in kept.items() if rows}
        every = [row for rows in self._rows.values() for row in rows]
        self._lines, self._signs = len(every), sum(len(row[2]) for row in every)

    def lines(
        self, streams: Iterable[int], start: int, end: int, *, newest_first: bool
    ) -> Sequence[Row]:
        """Return these streams' lines with `start <= time < end`, in order."""
        found = [
            row for stream in streams for row in self._rows.get(stream, ()) if start <= row[0] < end
        ]
        found.sort(key=_time, reverse=newest_first)
        return found

    def _shorten(self) -> None:
        """Raise the floor until the rest is small enough; lines of one time stay together."""
        sizes: dict[int, tuple[int, int]] = {}
        for rows in self._rows.values():
            for row in rows:
                lines, signs = sizes.get(row[0], (0, 0))
                sizes[row[0]] = (lines + 1, signs + len(row[2]))
        lines = signs = 0
        floor = max(sizes) + 1
        for moment in sorted(sizes, reverse=True):
            lines, signs = lines + sizes[moment][0], signs + sizes[moment][1]
            if lines > MOST_LINES or signs > MOST_SIGNS:
                break
            floor = moment
        self.drop(floor)
