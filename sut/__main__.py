"""`python -m sut SERVICE --release R --port P`: run one service in this process."""

from __future__ import annotations

import os

os.environ.setdefault("SPT_NOENV", "1")  # setproctitle must leave /proc/PID/environ as it is

import argparse
import signal
import sys

from setproctitle import setproctitle

from sut.environment import Environment
from sut.errors import CannotStart
from sut.release import run


def main(arguments: list[str] | None = None) -> int:
    """Run a service until it is told to stop; 2 where it cannot start as asked."""
    parser = argparse.ArgumentParser(prog="python -m sut", description=__doc__)
    parser.add_argument("service", help="gateway, orders, inventory, payments or worker")
    parser.add_argument("--release", required=True, help="version to run, for example 1.4.2")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    given = parser.parse_args(arguments)
    environment = Environment.read(
        os.environ,
        service=given.service,
        release=given.release,
        port=given.port,
        host=given.host,
    )
    setproctitle(f"sut: {given.service}")
    if os.getpid() == 1:
        _end_on_signals()
    try:
        run(environment)
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


def _end_on_signals() -> None:
    """End by HUP and QUIT as any process does: the first one of a container would ignore them."""
    for number in (signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, lambda got, _: os._exit(128 + got))


if __name__ == "__main__":
    sys.exit(main())
