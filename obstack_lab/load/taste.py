"""What many users want at once: one product, one search."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from obstack_lab.load.step import Choice


class Taste:
    """Bends some choices; draws of its own, so that it shifts nobody else's."""

    def __init__(self, seed: int) -> None:
        self._random = Random(f"taste {seed}")  # noqa: S311 - a schedule is no secret
        self._product = 1
        self._craved = 0.0
        self._text = ""
        self._searched = 0.0

    def crave(self, product: int, share: float) -> None:
        """Let this share of the choices be one product."""
        self._product, self._craved = product, share

    def search(self, text: str, share: float) -> None:
        """Let this share of those who read the catalogue search for a text."""
        self._text, self._searched = text, share

    def of(self, choice: Choice) -> Choice:
        """Return what becomes of a choice."""
        craves, searches = self._random.random(), self._random.random()
        if craves < self._craved:
            choice = replace(choice, items=((self._product, 1),))
        if searches < self._searched:
            choice = replace(choice, search=self._text)
        return choice
