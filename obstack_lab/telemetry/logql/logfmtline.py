"""`| logfmt`: the pairs of a line, and what Loki says of the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator

from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.jsonline import label_name

FAILED = "LogfmtParserErr"
_PAIR = re.compile(
    r"""[\x00-\x20]*([^\x00-\x20="]+)(?:=(?:"([^"\\]*)"|([^\x00-\x20="]*)))?(?=[\x00-\x20]|\Z)"""
)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_GAP = re.compile(r"[\x00-\x20]*")
_KEY = re.compile(r'[^\x00-\x20="]*')


class LogfmtError(ValueError):
    """A mistake in the line; the message is the details' text, `end` where to go on after it."""

    def __init__(self, reason: str, *, at: int, end: int = 0) -> None:
        super().__init__(f"logfmt syntax error at pos {at + 1} : {reason}")
        self.end = end


def pairs(line: str, *, strict: bool = False) -> Iterator[tuple[str, str]]:
    """Yield keys and values in order; mistakes are skipped, or raised where it is `strict`."""
    at, length = 0, len(line)
    match_pair = _PAIR.match
    while at < length:
        match = match_pair(line, at)
        if match is not None:
            key, quoted, bare = match.groups()
            yield key, quoted if quoted is not None else bare or ""
            at = match.end()
            continue
        try:
            pair, at = _odd_pair(line, at)
        except LogfmtError as error:
            if strict:
                raise
            at = error.end or _next_word(line, at)
        else:
            if pair is not None:
                yield pair


def _odd_pair(line: str, at: int) -> tuple[tuple[str, str] | None, int]:
    """Read what the quick expression does not: escapes, empty ends and mistakes."""
    at = _GAP.match(line, at).end()  # type: ignore[union-attr]  # it matches the empty text
    if at >= len(line):
        return None, at
    end = _KEY.match(line, at).end()  # type: ignore[union-attr]  # it matches the empty text
    sign = line[end : end + 1]
    if sign == '"' or (sign == "=" and end == at):
        raise _unexpected(line, end)
    key = line[at:end]
    if sign != "=":
        return (key, ""), end
    at = end + 1
    if line[at : at + 1] == '"':
        match = _QUOTED.match(line, at)
        if match is None:
            raise LogfmtError("unterminated quoted value", at=len(line), end=len(line))
        return (key, _unquote(match)), match.end()
    end = _KEY.match(line, at).end()  # type: ignore[union-attr]  # it matches the empty text
    if line[end : end + 1] in ("=", '"'):
        raise _unexpected(line, end)
    return (key, line[at:end]), end


def _next_word(line: str, at: int) -> int:
    """Return where the word with the mistake ends."""
    at = _GAP.match(line, at).end()  # type: ignore[union-attr]  # it matches the empty text
    while at < len(line) and line[at] > " ":
        at += 1
    return max(at, 1)


def _unexpected(line: str, at: int) -> LogfmtError:
    sign = "'\\''" if line[at] == "'" else f"'{line[at]}'"
    return LogfmtError(f"unexpected {sign}", at=at)


def _unquote(match: re.Match[str]) -> str:
    text: str = match.group(1)
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError as error:
        raise LogfmtError("invalid quoted value", at=match.end(), end=match.end()) from error


def parse_logfmt(*, strict: bool, keep_empty: bool) -> Callable[[Entry], bool]:
    """Return the stage of `| logfmt`."""

    def stage(entry: Entry) -> bool:
        for key, value in _read(entry, strict=strict):
            name = label_name(key)
            if not name or (not value and not keep_empty):
                continue
            entry.extract(name, value if value.isascii() else value.replace("�", " "))
        return True

    return stage


def parse_fields(fields: tuple[tuple[str, str], ...], *, strict: bool) -> Callable[[Entry], bool]:
    """Return the stage of `| logfmt a="b", …`."""

    def stage(entry: Entry) -> bool:
        values: dict[str, str] = {}
        known: set[str] = set()
        for key, value in _read(entry, strict=strict):
            if entry.parsed.get(key):
                known.add(key)
            else:
                values[label_name(key)] = value
        if all(name in known for name, _ in fields):
            return True
        for name, key in fields:
            value = values.get(key, "")
            taken = name in entry.stream or name in entry.meta
            if value or not taken:
                label = f"{name}_extracted" if taken else name
                entry.parsed[label] = value.replace("�", " ")
        return True

    return stage


def _read(entry: Entry, *, strict: bool) -> Iterator[tuple[str, str]]:
    try:
        yield from pairs(entry.line, strict=strict)
    except LogfmtError as error:
        entry.fail(FAILED, str(error))
