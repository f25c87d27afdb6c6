"""The one object that a learner holds: `open_lab` returns it."""

from __future__ import annotations

from obstack_lab.lab.front import Asked, Front, use_front
from obstack_lab.lab.opening import attach_lab, open_lab
from obstack_lab.lab.session import ClosedLab, Lab
from obstack_lab.lab.sheet import Sheet

__all__ = [
    "Asked",
    "ClosedLab",
    "Front",
    "Lab",
    "Sheet",
    "attach_lab",
    "open_lab",
    "use_front",
]
