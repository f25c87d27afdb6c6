"""Explore's JavaScript as it was built and committed: packed bytes and their hash."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

FILE = "perses.js.gz"


@cache
def packed() -> bytes:
    """Return the module, gzipped; the browser unpacks it."""
    return (files("obstack_lab.panels") / "static" / FILE).read_bytes()


@cache
def digest() -> str:
    """Return the SHA-256 that was committed beside it; browsers keep what they have by it."""
    text = (files("obstack_lab.panels") / "static" / f"{FILE}.sha256").read_text(encoding="ascii")
    return text.split()[0]
