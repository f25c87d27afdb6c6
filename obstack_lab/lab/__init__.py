"""The one object that a learner holds: `open_lab` returns it."""

from __future__ import annotations

from obstack_lab.lab.opening import open_lab, use_front
from obstack_lab.lab.session import ClosedLab, Lab
from obstack_lab.lab.sheet import Sheet

__all__ = ["ClosedLab", "Lab", "Sheet", "open_lab", "use_front"]
