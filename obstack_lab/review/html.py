"""The review as one self-contained HTML file: no script, nothing fetched, printable."""

from __future__ import annotations

from obstack_lab.review.model import Review
from obstack_lab.review.page import fill


def render(review: Review) -> str:
    """Return a whole HTML document."""
    return fill("page.html", review)
