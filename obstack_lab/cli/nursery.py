"""`python -m obstack_lab.cli.nursery`: import what notebooks need, then fork a kernel an order.

Writes `ready`, then answers each line of JSON on standard input, an order with `arguments`, `cwd`
and `environment`, with the pid of a kernel. When no more can come it stays for the kernels there
are, which watch it, and ends with the server.
"""

from __future__ import annotations

import os

os.environ.setdefault("SPT_NOENV", "1")  # setproctitle must leave /proc/PID/environ as it is
os.environ.setdefault("PYDEVD_DISABLE_FILE_VALIDATION", "1")  # notebooks debug no frozen module

import gc
import json
import shlex
import signal
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, NoReturn

import psutil
from setproctitle import setproctitle

LAUNCHER = "ipykernel_launcher"
PRELOADED = (
    "IPython.core.completer",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "certifi",
    "h11",
    "httpcore",
    "ipykernel.debugger",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.zmqshell",
    "obstack_lab.lab",
    "obstack_lab.magics",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
)
"""What a kernel imports when it starts, and the first cell of the lab's notebooks."""
STDIN, STDOUT, STDERR = range(3)


def main() -> int:
    """Fork kernels until the server wants no more; 1 where forking would not be safe."""
    server = os.getppid()
    sys.path[:] = [place for place in sys.path if place not in {"", str(Path.cwd())}]
    for name in PRELOADED:
        import_module(name)
    from obstack_lab.panels import prepare

    prepare()
    if threading.active_count() > 1:
        sys.stderr.write("An import started a thread; forking is not safe with threads.\n")
        return 1
    setproctitle("obstack-lab: kernels")
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the system takes note of their ends
    gc.collect()
    gc.freeze()
    os.write(STDOUT, b"ready\n")
    for line in sys.stdin.buffer:
        pid = os.fork()
        if pid == 0:
            _become(json.loads(line))
        os.write(STDOUT, f"{pid}\n".encode())
    while os.getppid() == server and psutil.Process().children():
        time.sleep(1)
    return 0


def _become(order: Mapping[str, Any]) -> NoReturn:
    """Be the kernel that was ordered, and never return."""
    code = 1
    try:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, STDIN)
        os.dup2(STDERR, STDOUT)
        os.close(nothing)
        os.environ.clear()
        os.environ.update(order["environment"])
        os.chdir(order["cwd"])
        sys.argv = [LAUNCHER, *order["arguments"]]
        setproctitle(shlex.join([sys.executable, "-m", *sys.argv]))
        from ipykernel import kernelapp

        watched = f"--IPKernelApp.parent_handle={os.getppid()}"
        kernelapp.launch_new_instance([*sys.argv[1:], watched])
        code = 0
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 0
    except BaseException:  # noqa: BLE001 - nothing may return into the nursery's code
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main())
