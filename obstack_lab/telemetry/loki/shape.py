"""How plainly a line is written: what lets SQL read its fields exactly as the evaluator would."""

from __future__ import annotations

import re

OTHER = 0
"""Only the evaluator can say what is in it."""
JSON = 1
"""A flat JSON object of plain keys without repetition, whose numbers SQL would not rewrite."""
LOGFMT = 2
"""`key=value` words of plain keys without repetition; quoted values hold no `=`."""

_JSON_MEMBER = (
    r'"[A-Za-z_][A-Za-z0-9_]*": ?(?:"(?:[^"\\\x00-\x1f\ufffd]|\\["\\/bfnrt])*"|true|false|null'
    r"|-?[1-9][0-9]{0,14}|0|-?(?:0|[1-9][0-9]{0,6})\.[0-9]{0,6}[1-9])"
)
_JSON_FLAT = re.compile(rf"\{{{_JSON_MEMBER}(?:, ?{_JSON_MEMBER})*\}}")
_JSON_KEY = re.compile(
    r'[{,] ?"([A-Za-z_][A-Za-z0-9_]*)": ?(?:"(?:[^"\\]|\\.)*"|[^",}]*)', re.DOTALL
)
_LOGFMT_PAIR = r'[A-Za-z_][A-Za-z0-9_]*=(?:"[^\x00-\x1f"=\\\ufffd]+"|[^\x00-\x20"=\ufffd]+)'
_LOGFMT_FLAT = re.compile(rf"{_LOGFMT_PAIR}(?: {_LOGFMT_PAIR})*")


def shape_of(line: str) -> int:
    """Return the shape of a line."""
    if line[:1] == "{":
        return JSON if _JSON_FLAT.fullmatch(line) and _unlike(_json_keys(line)) else OTHER
    if "=" in line and _LOGFMT_FLAT.fullmatch(line):
        return LOGFMT if _unlike(_last_words(line, "=", " ")) else OTHER
    return OTHER


def _unlike(keys: list[str]) -> bool:
    return len(keys) == len(set(keys))


def _json_keys(line: str) -> list[str]:
    """Return the keys of a flat object; without a backslash no string holds a quotation mark."""
    return _JSON_KEY.findall(line) if "\\" in line else _last_words(line, '":', '"')


def _last_words(line: str, end: str, before: str) -> list[str]:
    return [part.rpartition(before)[2] for part in line.split(end)[:-1]]
