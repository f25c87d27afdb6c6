"""`python -m obstack_lab.orchestrator --home DIR`: run the daemon in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.life import Daemon
from obstack_lab.settings import LabHome


def main() -> int:
    """Read the options and live until the end."""
    parser = argparse.ArgumentParser(prog="python -m obstack_lab.orchestrator", description=__doc__)
    parser.add_argument("--home", type=Path, required=True, help="the lab's directory")
    parser.add_argument("--engine", default="auto", choices=("auto", "embedded", "compose"))
    parser.add_argument("--backends", default="built-in", choices=("built-in", "native"))
    parser.add_argument("--alertmanager", action="store_true")
    options = parser.parse_args()
    daemon = Daemon(
        LabHome(options.home.absolute()),
        engine=options.engine,
        backends=options.backends,
        alertmanager=options.alertmanager,
    )
    try:
        return daemon.run()
    except LabError as error:
        print(error, file=sys.stderr)  # noqa: T201 - one line, as the house has it
        return 2


if __name__ == "__main__":
    sys.exit(main())
