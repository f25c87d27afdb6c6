"""`| json`, `| json a="…"` and `| unpack`: what Loki's lenient JSON reader finds in a line.

Well-formed objects go through the standard decoder with numbers kept as text; what it refuses is
read again key by key, so that the keys before a mistake are found, as Loki does.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.jsonpath import follow

FAILED = "JSONParserErr"
_OBJECT = "Value looks like object, but can't find closing '}' symbol"
_ARRAY = "Value is array, but can't find closing ']' symbol"
_STRING = "Value is string, but can't find closing '\"' symbol"
_VALUE = "Value looks like Number/Boolean/None, but can't find its end: ',' or '}' symbol"
_MALFORMED = "Malformed JSON error"
_UNKNOWN = "Unknown value type"
_BLANK = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_BARE = re.compile(r"[^ \t\r\n,\]}]*")
_WRONG = re.compile(r"[^a-zA-Z0-9_]")
_DEEPEST = 64
_LONGEST_KNOWN = 100
"""Names of longer keys are not remembered."""


class JsonError(ValueError):
    """A line that is no object; the message is the details' text."""


def _refuse(_name: str) -> Any:
    raise ValueError(_name)


_DECODER = json.JSONDecoder(
    parse_float=str, parse_int=str, parse_constant=_refuse, object_pairs_hook=tuple, strict=False
)
_decode = _DECODER.raw_decode


def _remembered(name: Callable[[str], str]) -> Callable[[str], str]:
    """Return the same function with the names of common keys remembered."""
    known = functools.lru_cache(maxsize=4096)(name)

    @functools.wraps(name)
    def of(key: str) -> str:
        return known(key) if len(key) <= _LONGEST_KNOWN else name(key)

    return of


@_remembered
def _inner_name(key: str) -> str:
    """Return what a key below another one adds to the label's name: other signs become `_`."""
    return _WRONG.sub("_", key.strip())


@_remembered
def label_name(key: str) -> str:
    """Return the key as a label's name: other signs become `_`, a leading digit gets one."""
    name = _inner_name(key)
    return f"_{name}" if name[:1].isdigit() else name


def parse_json(entry: Entry) -> bool:
    """Run `| json` on the entry."""
    try:
        _take(entry, _members(entry.line))
    except JsonError as error:
        entry.fail(FAILED, str(error))
    return True


def parse_json_unless(
    name: str, refused: Callable[[str], bool], *, number: bool
) -> Callable[[Entry], bool]:
    """Return `| json` that drops a line which the filter after it would drop by this label.

    Most lines of a search are dropped: their other members need not be taken out for that. A
    filter by `number` drops lines without the label, too: however they go on, one look may do.
    """
    seen = _number_member(name) if number else None

    def stage(entry: Entry) -> bool:
        try:
            own = _untouched(entry, name)
            if own and seen is not None:
                text = seen(entry.line)
                if text is not None and refused(text):
                    return False
            members = _members(entry.line)
            if own and type(members) is tuple:
                text = _found(members, name)
                if text is not None and refused(text):
                    return False
            _take(entry, members)
        except JsonError as error:
            entry.fail(FAILED, str(error))
        return True

    return stage


def _number_member(name: str) -> Callable[[str], str | None] | None:
    """Return what reads the number that alone can be a label's value, None where others can be.

    A key with other signs, or below another key, becomes a label with a `_`; one with escapes, or
    blanks around it, may become any.
    """
    if "_" in name:
        return None
    member = re.compile(rf'"{name}"[ \t\r\n]*:[ \t\r\n]*(-?[0-9]+(?:\.[0-9]+)?)[ \t\r\n]*[,}}]')

    def seen(line: str) -> str | None:
        if line.count(name) != 1 or "\\" in line:
            return None
        match = member.search(line)
        return match[1] if match else None

    return seen


def _untouched(entry: Entry, name: str) -> bool:
    """Say whether a filter would ask for the line's own value of this label."""
    taken = name in entry.stream or name in entry.meta
    return not (taken or entry.parsed or entry.error or entry.hidden)


def _found(members: Iterable[tuple[str, Any]], name: str) -> str | None:
    """Return the text that a label will have, None where that takes a closer look."""
    for key, value in members:
        label = label_name(key)
        if label == name:
            return value if type(value) is str and value.isascii() else None
        if type(value) is tuple and name.startswith(label):
            return None
    return None


def _take(entry: Entry, members: Iterable[tuple[str, Any]]) -> None:
    for key, value in members:
        if type(value) is str and value.isascii():
            if name := label_name(key):
                entry.extract(name, value)
        else:
            _flatten(entry, "", key, value)


def parse_fields(fields: tuple[tuple[str, list[str | int]], ...]) -> Callable[[Entry], bool]:
    """Return the stage of `| json a="x.y[0]", …`."""

    def stage(entry: Entry) -> bool:
        line = entry.line
        if not line:
            return True
        if line[0] not in '"{[':
            entry.fail(FAILED)
            return True
        document = _document(line)
        for name, steps in fields:
            taken = (name in entry.stream or name in entry.meta) and not entry.is_hidden(name)
            label = f"{name}_extracted" if taken else name
            value = follow(document, steps)
            if value is None and entry.get(name) is not None:
                continue
            if not entry.parsed.get(label):
                if isinstance(value, list | tuple):
                    with contextlib.suppress(ValueError, IndexError, RecursionError):
                        value = raw_text(line, steps)
                entry.parsed[label] = _text(value)
        return True

    return stage


def unpack(entry: Entry) -> bool:
    """Run `| unpack` on the entry: strings become labels, `_entry` the line."""
    line = entry.line
    if not line:
        return True
    if line[0] != "{":
        entry.fail(FAILED, "expecting json object(6), but it is not")
        return True
    try:
        texts = [member for member in _members_slowly(line) if _is_text(member[1])]
    except JsonError as error:
        entry.fail(FAILED, str(error))
        return True
    packed = [value for key, value in texts if key == "_entry"]
    if packed:
        for key, value in texts:
            if key != "_entry":
                entry.extract(label_name(key), value)
        entry.line = packed[0]
    return True


def _is_text(value: object) -> bool:
    return isinstance(value, str) and not isinstance(value, _Raw)


def _members(line: str) -> Iterable[tuple[str, Any]]:
    """Return the members of an object; where it is broken, those until then, then the error."""
    start = _BLANK.match(line).end()  # type: ignore[union-attr]  # it matches the empty text
    if line[start : start + 1] != "{":
        raise JsonError(_OBJECT)
    try:
        document, _ = _decode(line, start)
    except (ValueError, RecursionError):
        return _members_slowly(line)
    members: tuple[tuple[str, Any], ...] = document
    return members


class _Raw(str):
    """A number as it stood in the line, told apart from a string where that matters."""

    __slots__ = ()


def _members_slowly(line: str, depth: int = 0) -> Iterator[tuple[str, Any]]:  # noqa: C901 - one branch a case
    """Yield every member of the object until the first mistake, then raise it."""
    at = _skip(line, 0)
    if line[at : at + 1] != "{" or depth > _DEEPEST:
        raise JsonError(_OBJECT)
    at = _skip(line, at + 1)
    if at >= len(line):
        raise JsonError(_MALFORMED)
    while True:
        sign = line[at : at + 1]
        if sign == "}":
            return
        if sign != '"':
            raise JsonError(_OBJECT)
        match = _TEXT.match(line, at)
        if match is None:
            raise JsonError(_MALFORMED)
        at = _skip(line, match.end())
        if line[at : at + 1] != ":":
            raise JsonError(_MALFORMED)
        value, at = _value(line, _skip(line, at + 1))
        yield _unescape(match.group(1)), value
        at = _skip(line, at)
        sign = line[at : at + 1]
        if sign == "}":
            return
        if sign != ",":
            raise JsonError(_OBJECT if sign else _ARRAY)
        at = _skip(line, at + 1)
        if at >= len(line):
            raise JsonError(_ARRAY)


def _value(line: str, at: int) -> tuple[Any, int]:  # noqa: C901 - one branch a case
    sign = line[at : at + 1]
    if not sign:
        raise JsonError(_MALFORMED)
    if sign == '"':
        match = _TEXT.match(line, at)
        if match is None:
            raise JsonError(_STRING)
        return _unescape(match.group(1)), match.end()
    if sign in "{[":
        end = _block_end(line, at, sign, "}" if sign == "{" else "]")
        if end < 0:
            raise JsonError(_OBJECT if sign == "{" else _ARRAY)
        text = line[at:end]
        try:
            return _decode(text)[0], end
        except (ValueError, RecursionError):
            return (_Block(text) if sign == "{" else []), end
    bare = _BARE.match(line, at)
    text = bare.group() if bare else ""
    end = at + len(text)
    if end >= len(line):
        raise JsonError(_VALUE)
    if text in ("true", "false"):
        return text == "true", end
    if text == "null":
        return None, end
    if text[:1] in "-0123456789" and text:
        return _Raw(text), end
    raise JsonError(_UNKNOWN)


class _Block(str):
    """The text of an inner object that is not well-formed."""

    __slots__ = ()


def _block_end(line: str, at: int, opening: str, closing: str) -> int:
    depth = 0
    while at < len(line):
        sign = line[at]
        if sign == '"':
            match = _TEXT.match(line, at)
            if match is None:
                return -1
            at = match.end()
            continue
        depth += (sign == opening) - (sign == closing)
        at += 1
        if depth == 0:
            return at
    return -1


def _flatten(entry: Entry, prefix: str, key: str, value: Any, depth: int = 0) -> None:
    if isinstance(value, list) or value is None or depth > _DEEPEST:
        return
    name = f"{prefix}_{_inner_name(key)}" if prefix else label_name(key)
    if isinstance(value, _Block):
        for inner, below in _members_slowly(value, depth + 1):
            _flatten(entry, name, inner, below)
    elif isinstance(value, tuple):
        for inner, below in value:
            _flatten(entry, name, inner, below, depth + 1)
    elif name:
        entry.extract(name, _text(value))


def _text(value: Any) -> str:
    """Return a value as a label's text; objects and arrays as compact JSON."""
    if isinstance(value, str):
        return _valid(value) if not value.isascii() else str(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return _dump(value)


def raw_text(line: str, steps: Sequence[str | int]) -> str:
    """Return what stands at the end of a path in a document that has it there."""
    at = _skip(line, 0)
    for step in steps:
        at = _skip(line, at + 1)
        place = 0
        while True:
            if isinstance(step, int):
                found = place == step
            else:
                key, at = _decode(line, at)
                at = _skip(line, _skip(line, at) + 1)
                found = key == step
            if found:
                break
            at = _skip(line, _skip(line, _decode(line, at)[1]) + 1)
            place += 1
    return line[at : _decode(line, at)[1]]


def _dump(value: Any) -> str:
    if isinstance(value, tuple):
        return "{" + ",".join(f"{json.dumps(k)}:{_dump(v)}" for k, v in value) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_dump, value)) + "]"
    if value is None:
        return "null"
    return _text(value)


def _document(line: str) -> Any:
    """Return the parsed line, as much of it as can be read."""
    try:
        return _decode(line)[0]
    except (ValueError, RecursionError):
        members: list[tuple[str, Any]] = []
        with contextlib.suppress(JsonError):
            members.extend(_members_slowly(line))
        return tuple(members)


def _valid(text: str) -> str:
    if "�" in text or any("\ud800" <= char <= "\udfff" for char in text):
        return "".join(" " if c == "�" or "\ud800" <= c <= "\udfff" else c for c in text)
    return text


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return text


def _skip(line: str, at: int) -> int:
    return _BLANK.match(line, at).end()  # type: ignore[union-attr]  # it matches the empty text
