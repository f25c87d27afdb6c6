"""The pattern language: `<name>` captures, `<_>` skips, the rest is literal."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

_CAPTURE = re.compile(r"<([A-Za-z_][A-Za-z0-9_]*)>")
UNNAMED = "_"


class PatternError(ValueError):
    """A pattern that Loki refuses; the message is its."""


@dataclass(frozen=True)
class Piece:
    """A literal text, or a capture by its name."""

    text: str
    capture: bool


def split_pattern(text: str) -> tuple[Piece, ...]:
    """Return the pattern's literals and captures in order."""
    pieces, at = [], 0
    for match in _CAPTURE.finditer(text):
        if match.start() > at:
            pieces.append(Piece(text[at : match.start()], False))
        pieces.append(Piece(match.group(1), True))
        at = match.end()
    if at < len(text):
        pieces.append(Piece(text[at:], False))
    return tuple(pieces)


def extraction_pattern(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a `| pattern`, or raise what is wrong with it."""
    pieces = split_pattern(text)
    if not pieces:
        raise PatternError("empty pattern is not allowed")
    _refuse_neighbours(pieces)
    names = [piece.text for piece in pieces if piece.capture and piece.text != UNNAMED]
    if not names:
        raise PatternError("at least one capture is required")
    for index, name in enumerate(names):
        if name in names[:index]:
            raise PatternError(f"duplicate capture name ({name}): invalid expression")
    return pieces


def filter_pattern(text: str) -> tuple[Piece, ...]:
    """Return the pieces of a `|>`, or raise what is wrong with it."""
    pieces = split_pattern(text)
    for piece in pieces:
        if piece.capture and piece.text != UNNAMED:
            raise PatternError(f"{text}: named captures are not allowed")
    _refuse_neighbours(pieces)
    return pieces


def extract(pieces: tuple[Piece, ...], line: str) -> list[tuple[str, str]]:
    """Return the named captures that the line gives, as far as the literals are found."""
    at = index = 0
    found: list[tuple[str, str]] = []
    if not line:
        return found
    if not pieces[0].capture:
        if not line.startswith(pieces[0].text):
            return found
        at, index = len(pieces[0].text), 1
    while index < len(pieces):
        name = pieces[index].text
        end = len(line)
        literal = pieces[index + 1].text if index + 1 < len(pieces) else None
        if literal is not None:
            end = line.find(literal, at)
        if name != UNNAMED:
            found.append((name, line[at:] if end < 0 else line[at:end]))
        if literal is None or end < 0:
            return found
        at = end + len(literal)
        index += 2
    return found


def fits(pieces: tuple[Piece, ...], line: str) -> bool:
    """Say whether the line has the pattern's shape; it may begin before a literal at the start."""
    if not line or not pieces:
        return not line and not pieces
    at = 0
    for index, piece in enumerate(pieces):
        if piece.capture:
            continue
        end = line.find(piece.text, at)
        if end < 0 or (index and end == at):
            return False
        at = end + len(piece.text)
    return pieces[-1].capture == (at != len(line))


def _refuse_neighbours(pieces: tuple[Piece, ...]) -> None:
    for left, right in pairwise(pieces):
        if left.capture and right.capture:
            raise PatternError(
                f"found consecutive capture '<{left.text}><{right.text}>': invalid expression"
            )
