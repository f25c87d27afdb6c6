"""The operators' page lists every endpoint and every variable, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
from orchestrator_stage import InProcess
from starlette.types import ASGIApp

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "operator.md").read_text("utf-8")


def endpoints(app: ASGIApp) -> list[str]:
    """Return a row of the page's table for each operation that OpenAPI describes.

    The routes of actions stand in a page of their own.
    """
    with httpx.Client(transport=InProcess(app), base_url="http://127.0.0.1:1") as http:
        paths = http.get("/openapi.json").json()["paths"]
    return [
        f"| `{method.upper()} {path}` | {operation['description'].splitlines()[0]} |"
        for path, operations in paths.items()
        if "/actions/" not in path
        for method, operation in operations.items()
    ]


def test_the_page_lists_every_endpoint_as_openapi_does(app: ASGIApp) -> None:
    listed = re.findall(r"^\| `(?:GET|POST|PUT|PATCH|DELETE) .*\|$", PAGE, re.MULTILINE)
    expected = endpoints(app)
    assert len(expected) > 30
    assert listed == expected, "docs/operator.md, the API; expected:\n" + "\n".join(expected)


def test_the_page_names_every_variable_that_the_lab_reads() -> None:
    sources = [ROOT / "lab", *(ROOT / "obstack_lab").rglob("*.py")]
    read = {
        name
        for path in sources
        for name in re.findall(r"\bOBSTACK_LAB_[A-Z_]+\b", path.read_text("utf-8"))
    }
    assert read == set(re.findall(r"`(OBSTACK_LAB_[A-Z_]+)`", PAGE))
