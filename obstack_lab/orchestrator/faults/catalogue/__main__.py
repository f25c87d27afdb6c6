"""`python -m obstack_lab.orchestrator.faults.catalogue >docs/fault-classes.md`: write it anew."""

from __future__ import annotations

import sys

from obstack_lab.orchestrator.faults.catalogue.page import page
from obstack_lab.scenario.library import library

if __name__ == "__main__":
    sys.stdout.write(page(library()))
