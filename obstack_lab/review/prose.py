"""Markdown of a scenario as HTML; raw HTML in it is shown as text."""

from __future__ import annotations

from markdown_it import MarkdownIt
from markupsafe import Markup

_LEVEL = 2
"""Headings go this much deeper: the page has its own."""


def prose(markdown: str) -> Markup:
    """Return safe HTML of a Markdown text."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(markdown)
    for token in tokens:
        if token.type in {"heading_open", "heading_close"}:
            token.tag = f"h{min(6, int(token.tag[1]) + _LEVEL)}"
    # The parser escapes all text, knows no raw HTML here, and refuses javascript: links.
    return Markup(parser.renderer.render(tokens, parser.options, {}))  # noqa: S704
