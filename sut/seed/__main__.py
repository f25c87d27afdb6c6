"""`python -m sut.seed [--json]`: load the data set into the database of `DATABASE_URL`."""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import sys

import psycopg

from sut.seed.loader import Step, load


def main(arguments: list[str] | None = None) -> int:
    """Load the data set: 0 when it is there, 1 where the database refuses, 2 without address."""
    parser = argparse.ArgumentParser(prog="python -m sut.seed", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    given = parser.parse_args(arguments)
    url = os.environ.get("DATABASE_URL", "")
    if not url:
        sys.stderr.write(
            "DATABASE_URL is not set. Set it to postgresql://USER:PASSWORD@HOST/shop.\n"
        )
        return 2

    def say(values: object, text: str) -> None:
        sys.stdout.write((json.dumps(values) if given.json else text) + "\n")
        sys.stdout.flush()

    def report(step: Step) -> None:
        text = f"{step.table:20} {step.rows:>9,} rows  {step.seconds:6.2f} s"
        say(dataclasses.asdict(step), text)

    try:
        done = load(url, report)
    except psycopg.Error as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        sys.stderr.write(f"The data set could not be loaded: {reason}\n")
        return 1
    what = "loaded" if done.fresh else "already there"
    say(dataclasses.asdict(done), f"data set {done.version} {what} in {done.seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
