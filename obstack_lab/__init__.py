"""ObservaStack Lab: learning by doing. Diagnose failures, apply fixes, validate results."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstack_lab.lab import Lab, open_lab
    from obstack_lab.panels import library, plot

__all__ = ["Lab", "__version__", "library", "load_ipython_extension", "open_lab", "plot"]
_HOMES = {"Lab": "lab", "open_lab": "lab", "library": "panels", "plot": "panels"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("obstack-lab")
    if name in _HOMES:
        return getattr(import_module(f"obstack_lab.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(shell: Any) -> None:
    """Bring `open_lab`, the desk and the query magics into a notebook: `%load_ext obstack_lab`."""
    from obstack_lab.magics import register

    register(shell)
