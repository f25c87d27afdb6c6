"""The fault catalogue: every fault the lab can set in, with the signal by which it must be seen."""

from __future__ import annotations

from obstack_lab.orchestrator.faults.catalogue.loader import catalogue
from obstack_lab.orchestrator.faults.catalogue.model import Catalogue, Fault, Signal

__all__ = ["Catalogue", "Fault", "Signal", "catalogue"]
