"""How Loki reads `label=~"…"` in a pipeline: plain patterns become searches without anchors.

`=~ "12.*"` finds `12` anywhere in the value and `=~ "a|b"` is equality with either; only patterns
that are none of these are matched whole. The shapes are those of Go's parser, which factors common
beginnings out of alternatives.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from obstack_lab.telemetry.logql.regex import compile_regex

Test = Callable[[str], bool]
_PLAIN = re.compile(r"(?:[^\\\[\](){}*+?|^$.]|\\[^\w\s])+")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True)
class _Branch:
    """One alternative: literals and `.*` between them, or None where it is anything else."""

    parts: tuple[str | None, ...]
    """A literal's text, or None for `.*`."""


def label_regex(pattern: str) -> Test:
    """Return whether a label's value satisfies the pattern."""
    compiled = compile_regex(pattern)
    simple = _simplified(pattern)
    return compiled.matches if simple is None else simple


def _simplified(pattern: str) -> Test | None:
    if pattern in ("", ".*", "(.*)"):
        return lambda _text: True
    if pattern in (".+", "(.+)"):
        return bool
    folded = pattern.startswith("(?i)")
    rest = pattern[4:] if folded else pattern
    if rest.startswith("(") and rest.endswith(")") and not set(rest[1:-1]) & set("()"):
        rest = rest[1:-1].removeprefix("?:")
    branches = [_branch(text) for text in rest.split("|")]
    if any(branch is None for branch in branches) or (len(branches) > 1 and "\\" in rest):
        return None
    tests: list[Test] = []
    for group in _factored([branch for branch in branches if branch is not None]):
        test = _group_test(group, folded=folded)
        if test is None:
            return None
        tests.append(test)
    return tests[0] if len(tests) == 1 else lambda text: any(test(text) for test in tests)


def _common(texts: Sequence[str]) -> str:
    """Return the text with which all of them begin."""
    low, high = min(texts), max(texts)
    for at, char in enumerate(low):
        if char != high[at]:
            return low[:at]
    return low


def _branch(text: str) -> _Branch | None:
    parts: list[str | None] = []
    at = 0
    while at < len(text):
        if text.startswith(".*", at) and text[at + 2 : at + 3] not in ("*", "+", "?", "{"):
            parts.append(None)
            at += 2
            continue
        match = _PLAIN.match(text, at)
        if match is None or text[match.end() : match.end() + 1] in ("*", "+", "?", "{"):
            return None
        parts.append(_ESCAPED.sub(r"\1", match.group()))
        at = match.end()
    return _Branch(tuple(parts))


def _factored(branches: Sequence[_Branch]) -> list[list[_Branch]]:
    """Group neighbours that begin with the same literal text, as Go's parser does."""
    groups: list[list[_Branch]] = []
    prefix = ""
    for branch in branches:
        first = branch.parts[0] if branch.parts and branch.parts[0] is not None else ""
        common = _common([prefix, first]) if groups else ""
        if common:
            groups[-1].append(branch)
            prefix = common
        else:
            groups.append([branch])
            prefix = first
    return groups


def _group_test(group: list[_Branch], *, folded: bool) -> Test | None:
    if len(group) == 1:
        return _single_test(group[0], folded=folded)
    prefix = _common([str(branch.parts[0]) for branch in group])
    tests: list[Test] = []
    for branch in group:
        rest = (str(branch.parts[0])[len(prefix) :], *branch.parts[1:])
        texts = [part for part in rest if part]
        if len(texts) > 1 or (texts and rest[0] is None) or (None in rest[:1]):
            return None
        if [part for part in rest if part is None] and texts and rest[0] == "":
            return None
        tests.append(_contains(prefix + (texts[0] if texts else ""), folded=folded))
    return lambda text: any(test(text) for test in tests)


def _single_test(branch: _Branch, *, folded: bool) -> Test | None:
    parts = branch.parts
    literals = [part for part in parts if part is not None]
    if not parts:
        return lambda _text: True
    if len(parts) == 1 and literals:
        wanted = literals[0]
        if folded:
            lowered = wanted.lower()
            return lambda text: text.lower() == lowered
        return lambda text: text == wanted
    if not literals:
        return lambda _text: True
    if len(literals) > 1 or len(parts) > 3:
        return None
    return _contains(literals[0], folded=folded)


def _contains(wanted: str, *, folded: bool) -> Test:
    if folded:
        lowered = wanted.lower()
        return lambda text: lowered in text.lower()
    return lambda text: wanted in text
