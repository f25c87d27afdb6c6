"""One message of PostgreSQL's log, read from its text format."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

import orjson

from sut.log import Line

_PREFIX = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+) UTC \[(?P<pid>\d+)\] "
    r"(?P<user>[^@ ]*)@(?P<database>\S*) (?P<application>.*?) ?"
    r"(?P<severity>[A-Z]+\d?):  (?P<message>.*)"
)
"""`log_line_prefix = '%m [%p] %u@%d %a '` of stack/postgres/postgresql.conf."""
_LEVELS = {"WARNING": "warning", "ERROR": "error", "FATAL": "error", "PANIC": "error"}
_ADDITIONS = {"DETAIL", "HINT", "QUERY", "CONTEXT", "STATEMENT", "LOCATION"}


@dataclass
class Entry:
    """A message with what PostgreSQL adds to it in the lines below."""

    time_ns: int
    severity: str
    fields: dict[str, str | int]
    last: str = field(default="message")

    def add(self, name: str, text: str) -> None:
        """Take an addition such as the statement."""
        self.last = name
        self.fields[name] = text

    def go_on(self, text: str) -> None:
        """Take one more line of what was said last."""
        self.fields[self.last] = f"{self.fields[self.last]}\n{text.strip()}"

    def line(self) -> Line:
        """Return it as a log line of the lab."""
        level = _LEVELS.get(self.severity, "info")
        record = {"ts": self.time_ns / 1e9, "level": level, **self.fields}
        return Line(self.time_ns, level, orjson.dumps(record), 0, 0)


class Reader:
    """Puts lines together to entries; the last one is given out when the next begins."""

    def __init__(self) -> None:
        self._entry: Entry | None = None

    def take(self, text: str) -> Line | None:
        """Take a line; return the entry before where this one begins a new one."""
        found = _PREFIX.match(text)
        if found is None:
            if self._entry is not None:
                self._entry.go_on(text)
            return None
        severity = found["severity"]
        if severity in _ADDITIONS and self._entry is not None:
            self._entry.add(severity.lower(), found["message"])
            return None
        before = self.flush()
        when = dt.datetime.fromisoformat(f"{found['time']}+00:00")
        fields: dict[str, str | int] = {
            "message": found["message"],
            "severity": severity,
            "pid": int(found["pid"]),
        }
        for name, key in (
            ("db_user", "user"),
            ("db_namespace", "database"),
            ("application_name", "application"),
        ):
            if found[key]:
                fields[name] = found[key]
        self._entry = Entry(round(when.timestamp() * 1000) * 1_000_000, severity, fields)
        return before

    def flush(self) -> Line | None:
        """Return the entry that is being put together: nothing more is coming."""
        entry, self._entry = self._entry, None
        return entry.line() if entry else None
