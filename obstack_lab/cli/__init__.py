"""The command line: `obstack-lab`, which `./lab` hands over to."""

from __future__ import annotations

from obstack_lab.cli.app import main

__all__ = ["main"]
