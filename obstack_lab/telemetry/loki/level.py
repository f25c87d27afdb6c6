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
_NAME_PARTS = ("level", "severity", "lvl")
_BEFORE = len('"log.')
_WORD = re.compile(
    r"""(?:^|(?<=[\s(\[{|'"=]))(error|err|warning|warn|critical|fatal|debug|trace|info)"""
    r"""(?=[\s!,()\[\]{}|'"=:]|$)""",
    re.ASCII,
)


def normalized(text: str) -> str:
    """Return the level that a field's text names, or the text in small letters."""
    return _VALUES.get(text.lower(), UNKNOWN)


def named(labels: Mapping[str, str]) -> str:
    """Return the level that a label says, '' where none does."""
    text = next((text for name in _NAMES if (text := labels.get(name))), "")
    return normalized(text) if text else ""


def detect(line: str, meta: Mapping[str, str]) -> str:
    """Return the level from the severity's number, the line's level field or its words."""
    if meta and (number := meta.get("severity_number")):
        return from_severity(number)
    lowered = line.lower()
    match = _field(line, lowered)
    if match is not None:
        level = _VALUES.get((match.group(1) or match.group(2) or match.group(3) or "").lower(), "")
        if level:
            return level
    return _from_words(lowered)


def _field(line: str, lowered: str) -> re.Match[str] | None:
    """Return the first level field; nothing is looked at before the first part of its name."""
    places = [at for part in _NAME_PARTS if (at := lowered.find(part)) >= 0]
    if not places:
        return None
    return _FIELD.search(line, max(0, min(places) - _BEFORE) if line.isascii() else 0)


def from_severity(number: str) -> str:
    """Return the level of an OpenTelemetry severity number."""
    if not number.isdigit():
        return UNKNOWN
    value = int(number)
    bands = ((4, "trace"), (8, "debug"), (12, "info"), (16, "warn"), (20, "error"), (24, "fatal"))
    return next((name for top, name in bands if 0 < value <= top), UNKNOWN)


def _from_words(lowered: str) -> str:
    """Return the level whose word stands first in the line."""
    match = _WORD.search(lowered)
    return _VALUES[match.group(1)] if match else UNKNOWN
