"""The command line: `obstack-lab`, which `./lab` hands over to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line; imported when it is called, since JupyterLab's start is here, too."""
    from obstack_lab.cli.app import main as run

    run(arguments)
