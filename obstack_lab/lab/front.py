"""What a front end adds to a lab: it shows the desk and Explore. A plain Python has none."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from obstack_lab.errors import UsageError

if TYPE_CHECKING:
    from obstack_lab.lab.session import Lab, Window


@dataclass(frozen=True)
class Asked:
    """What Explore is to begin with: a signal, a query or a dashboard's name, a time."""

    signal: str
    query: str
    last: str | Window


@dataclass(frozen=True)
class Front:
    """Shows a lab that was opened, and makes Explore."""

    show: Callable[[Lab], None]
    explore: Callable[[Lab, Asked], Any]


_front: list[Front] = []


def use_front(front: Front | None) -> None:
    """Let every lab that is opened be shown by this; None shows nothing."""
    _front[:] = [front] if front else []


def show(lab: Lab) -> None:
    """Show a lab where there is a front end."""
    if _front:
        _front[0].show(lab)


def explore(lab: Lab, asked: Asked) -> Any:
    """Return what the front end makes of it; raise UsageError where there is none."""
    if not _front:
        raise UsageError(
            "Explore needs a notebook: run `%load_ext obstack_lab` in JupyterLab first. "
            "Here, ask with lab.promql(…), lab.logql(…) and lab.traceql(…)."
        )
    return _front[0].explore(lab, asked)
