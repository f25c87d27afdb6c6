"""What a learner sees: the desk, the library and plots. The only room with ipywidgets.

The names here load on first use, so that the pure view-models work without a front end.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstack_lab.panels.cards import library
    from obstack_lab.panels.desk import Desk, open_desk
    from obstack_lab.panels.explore import Explore, open_explore
    from obstack_lab.panels.figure import plot
    from obstack_lab.panels.page import incident_page

_HOMES = {
    "Desk": "desk",
    "Explore": "explore",
    "incident_page": "page",
    "library": "cards",
    "open_desk": "desk",
    "open_explore": "explore",
    "plot": "figure",
}
__all__ = [
    "Desk",
    "Explore",
    "incident_page",
    "library",
    "open_desk",
    "open_explore",
    "plot",
    "prepare",
]


def prepare() -> None:
    """Import and read what the first desk or dashboard needs, so that it need not be waited for."""
    from obstack_lab.panels import assets, board, bundle, desk, explore, overview

    for widget in assets.MODULES:
        assets.script(widget)
    assets.style()
    board.boards()
    bundle.packed()
    overview.presets()
    del desk, explore


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"obstack_lab.panels.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
