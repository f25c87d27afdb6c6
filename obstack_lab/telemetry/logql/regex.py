"""Go's regular expressions: checked by RE2, run by Python's `re` where that is provably the same.

`re` reads some signs differently, and tries every way to match before it gives up: only patterns of
a small, plain subset with few such ways go there, and only with texts short enough for them. All
else runs in RE2 itself, which is linear.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import re2

from obstack_lab.telemetry.pattern_cache import LONGEST_SHORT, kept

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
_MOST_WAYS = 64
"""How many ways a pattern may offer at one place, without its unbounded repetitions."""
_LONGEST_TEXTS = (100_000, 2_000, 200)
"""By the number of unbounded repetitions, of which each multiplies the ways by the length."""


class RegexError(ValueError):
    """A pattern that Go would not compile; the message is Go's."""


@dataclass(frozen=True)
class Regex:
    """A compiled pattern with Go's meaning."""

    pattern: str
    names: tuple[tuple[int, str], ...]
    engine: Any
    quick: Any = None
    longest: int = -1
    """The longest text that `quick` may be given."""

    def found_in(self, text: str) -> bool:
        """Say whether the pattern matches anywhere."""
        return self._engine(text).search(text) is not None

    def matches(self, text: str) -> bool:
        """Say whether the pattern matches the whole text."""
        return self._engine(text).fullmatch(text) is not None

    def groups(self, text: str) -> tuple[str | None, ...] | None:
        """Return the groups of the first match (whole match first), or None."""
        match = self._engine(text).search(text)
        return None if match is None else (match.group(0), *match.groups())

    def replace(self, text: str, replacement: str, *, literal: bool = False) -> str:
        """Replace every match; `$1` and `${name}` stand for groups unless it is `literal`."""
        return "".join(self._pieces(text, replacement, literal=literal))

    def expand(self, text: str, replacement: str) -> str | None:
        """Return the replacement filled from a match of the whole text, or None."""
        match = self._engine(text).fullmatch(text)
        return None if match is None else _expand(replacement, match, dict(self._numbers()))

    def _engine(self, text: str) -> Any:
        return self.quick if len(text) <= self.longest else self.engine

    def _numbers(self) -> list[tuple[str, int]]:
        return [(name, number) for number, name in self.names]

    def _pieces(self, text: str, replacement: str, *, literal: bool) -> list[str]:
        numbers = dict(self._numbers())
        pieces, last, ended = [], 0, -1
        for match in self._engine(text).finditer(text):
            start, end = match.span()
            if start == end == ended:
                continue
            pieces.append(text[last:start])
            pieces.append(replacement if literal else _expand(replacement, match, numbers))
            last = ended = end
        pieces.append(text[last:])
        return pieces


@kept
def compile_regex(pattern: str) -> Regex:
    """Return the compiled pattern, or raise a `RegexError` with Go's message."""
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
    return Regex(pattern, names, checked, *_plain(pattern))


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


def _plain(pattern: str) -> tuple[re.Pattern[str] | None, int]:
    """Return the pattern for `re` where both read it alike, and the longest text for it."""
    if len(pattern) > LONGEST_SHORT:
        return None, -1
    flags = re.ASCII
    rest = pattern
    if rest.startswith("(?i)") and rest.isascii() and not any(c in rest for c in "kKsS"):
        flags |= re.IGNORECASE
        rest = rest[4:]
    pieces, at, effort = [], 0, _Effort()
    while at < len(rest):
        match = _ATOM.match(rest, at)
        if match is None:
            return None, -1
        text = match.group()
        effort.take(match)
        if match["named"]:
            text = text.replace("(?<", "(?P<")
        elif match["end"]:
            text = r"\Z"
        pieces.append(text)
        at = match.end()
    longest = effort.longest()
    try:
        return (re.compile("".join(pieces), flags), longest) if longest >= 0 else (None, -1)
    except re.error:
        return None, -1


class _Effort:
    """Counts the ways in which `re` may try to match a pattern at one place."""

    def __init__(self) -> None:
        self.unbounded = 0
        self.ways = 1
        self.branches = [1]

    def take(self, atom: re.Match[str]) -> None:
        """Count the next piece of the pattern."""
        text = atom.group()
        if atom["named"] or atom["open"]:
            self.branches.append(1)
        elif text == "|":
            self.branches[-1] += 1
        elif atom["close"] and len(self.branches) > 1:
            self.ways *= self.branches.pop() * (2 if "?" in text else 1)
        elif atom["unbounded"]:
            self.unbounded += 1
        elif atom["bounded"]:
            numbers = [int(number) for number in re.findall(r"\d+", text)] or [0, 1]
            self.ways *= max(1, numbers[-1] - numbers[0] + 1)

    def longest(self) -> int:
        """Return the longest text that takes no time worth mentioning; -1 for none."""
        if self.ways > _MOST_WAYS or self.unbounded >= len(_LONGEST_TEXTS):
            return -1
        return _LONGEST_TEXTS[self.unbounded]


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
