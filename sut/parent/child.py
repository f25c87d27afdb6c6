"""What a freshly forked process does to become a service."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NoReturn

from setproctitle import setproctitle

from sut.environment import Environment
from sut.errors import CannotStart
from sut.release import run

_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True)
STDERR = 2


@dataclass(frozen=True)
class Order:
    """A service to run: release, port, environment and log file."""

    service: str
    release: str
    port: int
    variables: Mapping[str, str]
    log: str


def die_with(parent: int) -> None:
    """Have the kernel kill this process when its parent ends; end now if that has happened."""
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(1)


def become(order: Order, parent: int) -> NoReturn:
    """Turn this forked process into the service and never return."""
    code = 1
    try:
        die_with(parent)
        os.setsid()
        _redirect(order.log)
        _reset_signals()
        setproctitle(f"sut: {order.service}")
        os.environ.update(order.variables)
        code = _serve(order)
    except BaseException:  # noqa: BLE001 nothing may return into the parent's code
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _serve(order: Order) -> int:
    environment = Environment.read(
        os.environ, service=order.service, release=order.release, port=order.port
    )
    try:
        run(environment)
    except CannotStart as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1
    return 0


def _redirect(path: str) -> None:
    """Send both outputs to the log file and close whatever else was open."""
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, STDERR)
    os.closerange(STDERR + 1, os.sysconf("SC_OPEN_MAX"))


def _reset_signals() -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
