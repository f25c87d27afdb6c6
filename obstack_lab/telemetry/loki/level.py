"""Which level a line seems to have: the `detected_level` that Loki adds to its metadata."""

from __future__ import annotations

import re
from collections.abc import Mapping

LABEL = "detected_level"
UNKNOWN = "unknown"
_NAMES = (
    "level", "LEVEL", "Level", "log.level", "severity", "SEVERITY", "Severity", "SeverityText",
    "lvl", "LVL", "Lvl", "severity_text", "Severity_Text", "SEVERITY_TEXT",
)  # fmt: skip
_VALUES = {
    "trace": "trace", "trc": "trace",
    "debug": "debug", "dbg": "debug",
    "info": "info", "inf": "info", "information": "info",
    "warn": "warn", "wrn": "warn", "warning": "warn",
    "error": "error", "err": "error",
    "critical": "critical",
    "fatal": "fatal",
}  # fmt: skip
_KEYS = r"level|LEVEL|Level|log\.level|severity|SEVERITY|Severity|SeverityText|lvl|LVL|Lvl"
_FIELD = re.compile(
    rf"""(?:"(?:{_KEYS})"\s*:\s*"([^"\\]*)")
      | (?:(?:^|[\s])(?:{_KEYS})=(?:"([^"\\]*)"|([^\s"=]+)))""",
    re.VERBOSE,
)
_KEYWORDS = (
    ("err:", "error"), ("error", "error"), ("warn", "warn"), ("warning", "warn"),
    ("critical", "critical"), ("fatal", "fatal"), ("debug", "debug"), ("trace", "trace"),
    ("info", "info"),
)  # fmt: skip


def normalized(text: str) -> str:
    """Return the level that a field's text names, or the text in small letters."""
    return _VALUES.get(text.lower(), UNKNOWN)


def detect(line: str, labels: Mapping[str, str], meta: Mapping[str, str]) -> str:
    """Return the level from metadata, labels, the line's level field or its words."""
    for source in (meta, labels):
        for name in _NAMES:
            if text := source.get(name):
                return normalized(text)
    if number := meta.get("severity_number"):
        return from_severity(number)
    match = _FIELD.search(line)
    if match is not None:
        level = _VALUES.get((match.group(1) or match.group(2) or match.group(3) or "").lower())
        if level:
            return level
    return from_words(line)


def from_severity(number: str) -> str:
    """Return the level of an OpenTelemetry severity number."""
    if not number.isdigit():
        return UNKNOWN
    value = int(number)
    bands = ((4, "trace"), (8, "debug"), (12, "info"), (16, "warn"), (20, "error"), (24, "fatal"))
    return next((name for top, name in bands if 0 < value <= top), UNKNOWN)


def from_words(line: str) -> str:
    """Return the level whose word stands first in the line."""
    lowered = line.lower()
    found = [(at, name) for word, name in _KEYWORDS if (at := lowered.find(word)) >= 0]
    return min(found)[1] if found else UNKNOWN
