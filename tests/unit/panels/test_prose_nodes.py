"""Markdown becomes nodes of a few tags; markup in it stays text."""

from __future__ import annotations

import json

from obstack_lab.panels.prose import TAGS, prose


def tags(nodes: list) -> set[str]:
    found = set()
    for node in nodes:
        if isinstance(node, list):
            found |= {node[0], *tags(node[1:])}
    return found


def test_headings_lists_code_and_tables_become_nodes() -> None:
    text = "# A\n\n*b* **c** `d`\n\n- e\n\n| f | g |\n|---|---|\n| 1 | 2 |\n\n```\nh\n```\n"
    nodes = prose(text)
    assert nodes[0] == ["h1", "A"]
    assert {"em", "strong", "code", "ul", "li", "table", "td", "pre"} <= tags(nodes)


def test_markup_and_links_come_out_as_text() -> None:
    nodes = prose(
        '<script>x</script> <b onclick="y">z</b> [w](javascript:alert(1)) ![i](http://x/)'
    )
    assert tags(nodes) <= TAGS
    assert "<script>" in json.dumps(nodes)
