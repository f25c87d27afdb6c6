"""`python -m obstack_lab.orchestrator.actions >docs/actions.md`: write the page anew."""

from __future__ import annotations

import sys

from obstack_lab.orchestrator.actions.page import page

if __name__ == "__main__":
    sys.stdout.write(page())
