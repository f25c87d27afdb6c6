"""Which engine runs a lab, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from obstack_lab.errors import EngineError, LabError

if TYPE_CHECKING:
    from obstack_lab.engine.compose.capability import Capability

EngineName = Literal["auto", "embedded", "compose"]


@dataclass(frozen=True)
class Choice:
    """An engine by name, and the reason in a few words; `''` where it was asked for."""

    name: Literal["embedded", "compose"]
    why: str = ""
    capability: Capability | None = None
    """What Docker there is here, where it was looked for."""


def choose(name: str, *, native: bool = False, pager: bool = False) -> Choice:
    """Return the engine of that name; `auto` takes containers where everything is here for them.

    Where no engine of Docker answers it says so at once. Loki and Tempo (`native`) and Alertmanager
    (`pager`) are programs of this machine unless containers were asked for. Raises EngineError
    where `compose` was asked for and cannot be had.
    """
    if name == "embedded":
        return Choice("embedded")
    if name == "auto" and (native or pager):
        return Choice("embedded", "it runs programs of this machine")
    from obstack_lab.engine.compose.capability import look

    capability = look()
    if name == "compose":
        if capability.problem:
            raise EngineError(capability.problem, component="docker")
        return Choice("compose", capability=capability)
    if capability.problem:
        return Choice("embedded", capability.reason, capability)
    lacking = _lacking(capability.host)
    if lacking:
        return Choice("embedded", lacking, capability)
    return Choice("compose", "Docker answers and has every image", capability)


def _lacking(host: str) -> str:
    """Say which images are not here, `''` where all are."""
    from obstack_lab.engine.compose.dock import Dock
    from obstack_lab.engine.compose.image import images, missing

    wanted = images()
    try:
        dock = Dock(host)
        try:
            lacking = [wanted[name] for name in missing(wanted, dock.images())]
        finally:
            dock.close()
    except LabError as error:
        return str(error).rstrip(".")
    return f"Docker answers, and has no image {', '.join(lacking)}" if lacking else ""
