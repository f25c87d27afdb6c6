"""The review inside a notebook: the same page, its styles kept to itself."""

from __future__ import annotations

from obstack_lab.review.model import Review
from obstack_lab.review.page import fill


def render(review: Review) -> str:
    """Return an HTML fragment for a cell's output."""
    return fill("fragment.html", review)
