"""`python -m obstack_lab.cli.jupyterlab`: JupyterLab without what only costs time at its start.

Its own start-up builds a parser for international addresses (a second of processor time; without
it, JSON schemas check one format less) and asks Node.js, where there is one, for a package
registry that only building extensions needs.
"""

from __future__ import annotations

import os
import sys

_PARSER = "rfc3987_syntax"


def main() -> int | None:
    """Serve until the end; the options are JupyterLab's own."""
    sys.modules.setdefault(_PARSER, None)  # type: ignore[arg-type]  # says: not installed
    path = os.environ.pop("PATH", None)
    try:
        from jupyterlab.labapp import main as serve  # type: ignore[import-untyped]  # has none
    finally:
        if path is not None:
            os.environ["PATH"] = path
    done: int | None = serve()
    return done


if __name__ == "__main__":
    sys.exit(main())
