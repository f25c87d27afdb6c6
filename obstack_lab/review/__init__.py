"""Reviews of runs: pure functions of a run's journal and ledger."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstack_lab.review.build import review
    from obstack_lab.review.model import Review, RunRecord

__all__ = ["Review", "RunRecord", "review"]

_HOMES = {"Review": "model", "RunRecord": "model", "review": "build"}


def __getattr__(name: str) -> Any:
    """Import what is asked for: most clients of this package need only the journal's entries."""
    if name not in _HOMES:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
