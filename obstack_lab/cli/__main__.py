"""`python -m obstack_lab.cli`: the command line of the Python that has the lab."""

from __future__ import annotations

from obstack_lab.cli.app import main

main()
