"""The widgets' JavaScript: modules in files, joined into the one module that a widget may have.

The front end loads a widget's module from text, so a module cannot import its neighbours. The files
are proper modules all the same; joining drops their local imports and their `export` words.
"""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_SHARED = ("dom", "chart", "table", "link", "query", "bundle", "stage")
MODULES = {
    "desk": (
        *_SHARED,
        *("header", "users", "overview", "logs", "traces", "sidebar", "act", "story", "desk"),
    ),
    "explore": (*_SHARED, "explore"),
}
"""By widget, in the order of their imports: each one imports only from those before it."""
_IMPORT = re.compile(r'^import [^;]*? from "\./[a-z]+\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)


def read(name: str) -> str:
    """Return the text of one file of `static/`."""
    return (files("obstack_lab.panels") / "static" / name).read_text(encoding="utf-8")


@cache
def script(widget: str = "desk") -> str:
    """Return a widget's module."""
    parts = (_EXPORT.sub("", _IMPORT.sub("", read(f"{name}.js"))) for name in MODULES[widget])
    return "\n".join(parts)


@cache
def style() -> str:
    """Return the desk's style sheet."""
    return read("desk.css")


def read_package(name: str) -> str:
    """Return the text of a file beside this module."""
    return (files("obstack_lab.panels") / name).read_text(encoding="utf-8")
