"""`python -m obstack_lab.telemetry.constructs >docs/query-languages.md`: write the page anew."""

from __future__ import annotations

import sys

from obstack_lab.telemetry.constructs.page import page

if __name__ == "__main__":
    sys.stdout.write(page())
