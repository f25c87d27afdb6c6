"""Markdown as a tree of plain nodes: the browser builds elements from it, never from HTML."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from markdown_it.token import Token

TAGS = frozenset(
    [
        *("p", "h1", "h2", "h3", "h4", "ul", "ol", "li", "strong", "em", "code", "pre"),
        *("blockquote", "hr", "br", "table", "thead", "tbody", "tr", "th", "td"),
    ]
)
Node = str | list[Any]
"""Either text, or `[tag, child, …]` with a tag of `TAGS`."""


@lru_cache(maxsize=32)
def prose(markdown: str) -> list[Node]:
    """Return the nodes of a Markdown text; raw HTML in it stays text, links their words."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return _tree(parser.parse(markdown))


def _tree(tokens: list[Token]) -> list[Node]:
    root: list[Any] = ["root"]
    stack = [root]
    for token in tokens:
        if token.type == "inline":
            stack[-1].extend(_tree(token.children or []))
        elif token.nesting == 1:
            stack.append([token.tag])
        elif token.nesting == -1:
            _close(stack)
        elif token.type in {"fence", "code_block"}:
            stack[-1].append(["pre", ["code", token.content.rstrip("\n")]])
        elif token.type == "code_inline":
            stack[-1].append(["code", token.content])
        elif token.type in {"hr", "hardbreak"}:
            stack[-1].append([token.tag])
        elif token.type == "softbreak":
            stack[-1].append(" ")
        elif token.content:
            stack[-1].append(token.content)
    return root[1:]


def _close(stack: list[list[Any]]) -> None:
    """Hang the finished node under its parent; a tag we do not show gives its children up."""
    node = stack.pop()
    if node[0] in TAGS:
        stack[-1].append(node)
    else:
        stack[-1].extend(node[1:])
