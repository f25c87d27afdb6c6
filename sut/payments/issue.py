"""`python -m sut.payments.issue --folder PATH`: give payments a new certificate."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from pathlib import Path

from sut.payments.certificate import Authority

LIFETIME_SECONDS = 90 * 24 * 3600


def main(arguments: list[str] | None = None) -> int:
    """Issue a certificate, and make the authority where there is none; 0 when it is in place."""
    parser = argparse.ArgumentParser(prog="python -m sut.payments.issue", description=__doc__)
    parser.add_argument(
        "--folder", type=Path, required=True, help="where ca.pem and server.pem are"
    )
    parser.add_argument(
        "--lifetime",
        type=int,
        default=LIFETIME_SECONDS,
        help="seconds until the certificate expires (default: 90 days)",
    )
    given = parser.parse_args(arguments)
    if given.lifetime < 1:
        parser.error("--lifetime must be 1 or more")
    given.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    expires = Authority(given.folder).issue(dt.timedelta(seconds=given.lifetime))
    sys.stdout.write(f"{given.folder / 'server.pem'}: expires {expires.isoformat()}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
