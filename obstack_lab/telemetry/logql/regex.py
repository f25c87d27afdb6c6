"""Go's regular expressions: checked by RE2, run by Python's `re` where that is provably the same.

`re` can take exponential time and reads some signs differently, so only patterns of a small, plain
subset go there; all others run in RE2 itself, which is linear.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import Any

import re2

_MESSAGES = {
    "missing )": "missing closing )",
    "missing ]": "missing closing ]",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid named capture group": "invalid named capture",
    "invalid repetition size": "invalid repeat count",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "trailing \\": "trailing backslash at end of expression",
}
_ATOM = re.compile(
    r"""(?P<named>\(\?P?<\w+>) | (?P<open>\(\?: | \((?!\?)) | (?P<close>\)\??(?![*+?{]))
      | (?P<unbounded>[*+]\??(?![*+?{]))
      | (?P<bounded>\?\??(?![*+?{]) | \{\d{1,2}(?:,\d{1,2})?\}(?![*+?{]))
      | (?P<end>\$) | \||\^|\.
      | \\[dwDWbntr.\-\[\](){}+*?|^$/\\"'=,:#@&<>!%;_]
      | (?P<class>\[\^?(?:[^\[\]\\&~|\-]|(?<=[a-zA-Z0-9])-(?=[a-zA-Z0-9])|\\[dw.\-\[\]/\\"])+\])
      | [^\\\[\](){}*+?|^$.]
    """,
    re.VERBOSE | re.ASCII,
)  # fmt: skip
_MOST_UNBOUNDED = 2
_LONGEST_KEPT = 1_000
"""Longer patterns are compiled for each query, by RE2 alone: what was compiled is large too."""


class RegexError(ValueError):
    """A pattern that Go would not compile; the message is Go's."""


@dataclass(frozen=True)
class Regex:
    """A compiled pattern with Go's meaning."""

    pattern: str
    names: tuple[tuple[int, str], ...]
    engine: Any

    def found_in(self, text: str) -> bool:
        """Say whether the pattern matches anywhere."""
        return self.engine.search(text) is not None

    def matches(self, text: str) -> bool:
        """Say whether the pattern matches the whole text."""
        return self.engine.fullmatch(text) is not None

    def groups(self, text: str) -> tuple[str | None, ...] | None:
        """Return the groups of the first match (whole match first), or None."""
        match = self.engine.search(text)
        return None if match is None else (match.group(0), *match.groups())

    def replace(self, text: str, replacement: str, *, literal: bool = False) -> str:
        """Replace every match; `$1` and `${name}` stand for groups unless it is `literal`."""
        return "".join(self._pieces(text, replacement, literal=literal))

    def expand(self, text: str, replacement: str) -> str | None:
        """Return the replacement filled from a match of the whole text, or None."""
        match = self.engine.fullmatch(text)
        return None if match is None else _expand(replacement, match, dict(self._numbers()))

    def _numbers(self) -> list[tuple[str, int]]:
        return [(name, number) for number, name in self.names]

    def _pieces(self, text: str, replacement: str, *, literal: bool) -> list[str]:
        numbers = dict(self._numbers())
        pieces, last, ended = [], 0, -1
        for match in self.engine.finditer(text):
            start, end = match.span()
            if start == end == ended:
                continue
            pieces.append(text[last:start])
            pieces.append(replacement if literal else _expand(replacement, match, numbers))
            last = ended = end
        pieces.append(text[last:])
        return pieces


def compile_regex(pattern: str) -> Regex:
    """Return the compiled pattern, or raise a `RegexError` with Go's message."""
    if len(pattern) <= _LONGEST_KEPT:
        return _kept(pattern)
    try:
        return _compile(pattern)
    finally:
        re2.purge()


@functools.lru_cache(maxsize=64)
def _kept(pattern: str) -> Regex:
    return _compile(pattern)


def _compile(pattern: str) -> Regex:
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 32 << 20
    try:
        checked = re2.compile(pattern, options)
    except re2.error as error:
        raise RegexError(_message(error.args[0], pattern)) from None
    names = tuple(
        (number, name) for name, number in sorted(dict(checked.groupindex).items(), key=_second)
    )
    return Regex(pattern, names, _plain(pattern) or checked)


def _second(pair: tuple[str, int]) -> int:
    return pair[1]


def _message(raw: bytes | str, pattern: str) -> str:
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    for ours, theirs in _MESSAGES.items():
        if text.startswith(ours):
            rest = text[len(ours) :].removeprefix(": ")
            if ours == "no argument for repetition operator":
                rest = rest[:1] if rest[:1] != "{" else rest
            return f"error parsing regexp: {theirs}: `{rest}`"
    kind, _, rest = text.partition(": ")
    del pattern
    return f"error parsing regexp: {kind}: `{rest}`"


def _plain(pattern: str) -> re.Pattern[str] | None:
    """Return the pattern for `re` where both read it alike and it cannot run away."""
    if len(pattern) > _LONGEST_KEPT:
        return None
    flags = re.ASCII
    rest = pattern
    if rest.startswith("(?i)") and rest.isascii() and not any(c in rest for c in "kKsS"):
        flags |= re.IGNORECASE
        rest = rest[4:]
    pieces, at, unbounded = [], 0, 0
    while at < len(rest):
        match = _ATOM.match(rest, at)
        if match is None:
            return None
        text = match.group()
        if match["named"]:
            text = text.replace("(?<", "(?P<")
        elif match["end"]:
            text = r"\Z"
        elif match["unbounded"]:
            unbounded += 1
        pieces.append(text)
        at = match.end()
    if unbounded > _MOST_UNBOUNDED:
        return None
    try:
        return re.compile("".join(pieces), flags)
    except re.error:
        return None


_REFERENCE = re.compile(r"\$(?:\$|(\w+)|\{(\w+)\})", re.ASCII)


def _expand(template: str, match: Any, numbers: dict[str, int]) -> str:
    def fill(reference: re.Match[str]) -> str:
        if reference.group() == "$$":
            return "$"
        name = reference.group(1) or reference.group(2)
        try:
            return match.group(int(name) if name.isdigit() else numbers[name]) or ""
        except (IndexError, KeyError):
            return ""

    return _REFERENCE.sub(fill, template)
