"""Compiled patterns that queries share: many short ones are kept, and the last long one.

RE2 may take megabytes for one pattern, and more with every text that it reads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TypeVar

import re2

LONGEST_SHORT = 1_000
"""Signs of a pattern of which many are kept."""

_SHORT = 64
T = TypeVar("T")


def kept(compiler: Callable[[str], T]) -> Callable[[str], T]:
    """Return a compiler that remembers; re2's own cache, which holds all alike, stays empty."""

    def fresh(pattern: str) -> T:
        try:
            return compiler(pattern)
        finally:
            re2.purge()

    short = functools.lru_cache(maxsize=_SHORT)(fresh)
    long = functools.lru_cache(maxsize=1)(fresh)

    @functools.wraps(compiler)
    def compiled(pattern: str) -> T:
        return (short if len(pattern) <= LONGEST_SHORT else long)(pattern)

    return compiled
