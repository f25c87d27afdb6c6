"""The paths of `| json a="x.y[0]"` and the names of `| logfmt a="b"`."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

_WORD = re.compile(
    r"""\s*(?:(?P<FIELD>[A-Za-z_][\w]*)|(?P<INDEX>\d+)|"(?P<STRING>(?:[^"\\]|\\.)*)"
    |(?P<SIGN>[\[\].])|(?P<OTHER>.))""",
    re.VERBOSE,
)
_NO_KEY = re.compile(r"[^\w\s\".-]")
_KEY = re.compile(r"[^\s=\"]+")


class PathError(ValueError):
    """A path that Loki refuses; the message is its."""


def parse_path(text: str) -> list[str | int]:  # noqa: C901 - one branch a case
    """Return the steps of a JSON path: names and indices."""
    words = [(match.lastgroup or "", match) for match in _WORD.finditer(text.strip())]
    steps: list[str | int] = []
    at = 0

    def kind(index: int) -> str:
        if index >= len(words):
            return "$end"
        name, match = words[index]
        return match.group().strip() if name in ("SIGN", "OTHER") else name

    def fault(index: int, *expected: str) -> PathError:
        ending = f", expecting {' or '.join(expected)}" if expected else ""
        return PathError(
            f"cannot parse expression [{text}]: syntax error: unexpected {kind(index)}{ending}"
        )

    while at < len(words):
        sign = kind(at)
        if sign == "FIELD" and at == 0:
            steps.append(words[at][1].group("FIELD"))
            at += 1
        elif sign == "." and at:
            if kind(at + 1) != "FIELD":
                raise fault(at + 1, "FIELD")
            steps.append(words[at + 1][1].group("FIELD"))
            at += 2
        elif sign == "[":
            inner = kind(at + 1)
            if inner == "STRING":
                steps.append(_unquote(words[at + 1][1].group("STRING")))
            elif inner == "INDEX":
                steps.append(int(words[at + 1][1].group("INDEX")))
            else:
                raise fault(at + 1, "STRING", "INDEX")
            if kind(at + 2) != "]":
                raise fault(at + 2, "]")
            at += 3
        else:
            raise fault(at)
    if not steps:
        raise fault(0, "[", "FIELD")
    return steps


def parse_key(text: str) -> str:
    """Return the one key that a `| logfmt` expression names."""
    keys = _KEY.findall(text)
    if not keys:
        raise PathError(
            f"cannot parse expression [{text}]: syntax error: unexpected $end, "
            "expecting STRING or KEY"
        )
    if wrong := _NO_KEY.search(text):
        raise PathError(f"cannot parse expression [{text}]: unexpected char {wrong.group()}")
    if len(keys) > 1:
        raise PathError(f"cannot parse expression [{text}]: syntax error: unexpected KEY")
    return str(keys[0])


def follow(value: Any, steps: Sequence[str | int]) -> Any:
    """Return what the path leads to in a parsed document, or None.

    Objects are tuples of pairs, so that the first of two equal keys can win.
    """
    for step in steps:
        if isinstance(step, int):
            if not isinstance(value, list) or step >= len(value):
                return None
            value = value[step]
        else:
            if not isinstance(value, tuple):
                return None
            for key, inner in value:
                if key == step:
                    value = inner
                    break
            else:
                return None
    return value


def _unquote(text: str) -> str:
    try:
        return str(json.loads(f'"{text}"'))
    except ValueError:
        return text
