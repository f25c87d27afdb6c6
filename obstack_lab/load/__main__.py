"""`python -m obstack_lab.load --ledger PATH`: the load component."""

from __future__ import annotations

import argparse
from pathlib import Path

from obstack_lab.load.process import main

parser = argparse.ArgumentParser(prog="python -m obstack_lab.load", description=__doc__)
parser.add_argument("--ledger", type=Path, required=True, help="file that gets the entries")

if __name__ == "__main__":
    main(parser.parse_args().ledger)
