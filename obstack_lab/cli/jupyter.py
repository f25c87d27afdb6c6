"""JupyterLab with Voila, the learner's desk: started beside the lab and found again.

It is not a component: it stays when the orchestrator dies, and its panels reconnect.
"""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import psutil
from pydantic import BaseModel, ConfigDict

from obstack_lab.engine.ending import see_out
from obstack_lab.engine.living import living
from obstack_lab.errors import EngineError, UsageError
from obstack_lab.settings import HOME_VARIABLE, LabHome, resources

FIRST_PORT = 8888
START_SECONDS = 60.0
STOP_SECONDS = 8.0


class JupyterServer(BaseModel):
    """A running JupyterLab: `url` has no token, `address()` has."""

    model_config = ConfigDict(frozen=True)

    pid: int
    pid_started: float
    url: str
    token: str

    def address(self, path: str = "lab") -> str:
        """Return the address that a browser opens, token included."""
        return f"{self.url}/{path}?token={self.token}"

    def notebook(self) -> str:
        """Return the address of the notebook to start with."""
        return self.address("lab/tree/notebooks/00_start_here.ipynb")

    def voila(self, scenario: str = "") -> str:
        """Return the address of the no-code page."""
        page = self.address("voila/render/notebooks/dashboards/incident.ipynb")
        return f"{page}&scenario={scenario}" if scenario else page

    def process(self) -> psutil.Process | None:
        """Return the process, or None where it has ended or the pid is another's by now."""
        return living(self.pid, self.pid_started)

    def answers(self) -> bool:
        """Return whether the server answers its API."""
        try:
            headers = {"Authorization": f"token {self.token}"}
            return httpx.get(f"{self.url}/api/status", headers=headers, timeout=2).is_success
        except httpx.HTTPError:
            return False


def _file(home: LabHome) -> Path:
    return home.path / "jupyter.json"


def find(home: LabHome) -> JupyterServer | None:
    """Return the recorded server while its process lives."""
    try:
        server = JupyterServer.model_validate_json(_file(home).read_bytes())
    except (OSError, ValueError):
        return None
    return server if server.process() else None


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def is_free(port: int) -> bool:
    """Return whether a loopback port can be bound; raise UsageError where we never may."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except PermissionError as error:
            raise UsageError(
                f"Port {port} is for administrators alone. Give one from 1024 on with `--port`."
            ) from error
        except OSError:
            return False
    return True


def _port(wanted: int | None) -> int:
    if wanted is not None:
        if not is_free(wanted):
            raise UsageError(f"Port {wanted} is in use. Give another with `--port`, or leave it.")
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        if is_free(port):
            return port
    raise UsageError(f"No free port from {FIRST_PORT} on. Give one with `./lab up --port N`.")


def launch(home: LabHome, *, port: int | None = None) -> JupyterServer:
    """Start JupyterLab, or return the one that runs; `wait` tells when it serves."""
    if running := find(home):
        if port is not None and running.url != _url(port):
            raise UsageError(
                f"JupyterLab runs on port {running.url.rpartition(':')[2]} already. "
                "Stop it with `./lab down`, then start it on another port."
            )
        return running
    chosen = _port(port)
    token = secrets.token_urlsafe(24)
    ours = resources() / "stack" / "jupyter"
    command = [
        *(
            sys.executable,
            "-m",
            "obstack_lab.cli.jupyterlab",
            "--no-browser",
            f"--config={ours / 'jupyter_server_config.json'}",
        ),
        *(f"--ServerApp.port={chosen}", "--ServerApp.port_retries=0"),
        f"--ServerApp.root_dir={resources()}",
    ]
    if os.geteuid() == 0:
        command.append("--allow-root")
    environment = {
        **os.environ,
        HOME_VARIABLE: str(home.path),
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_PATH": _before(ours, "JUPYTER_CONFIG_PATH"),
        "JUPYTER_PATH": _before(ours, "JUPYTER_PATH"),
    }
    with (home.logs / "jupyter.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=resources(),
            start_new_session=True,
        )
    server = JupyterServer(
        pid=process.pid,
        pid_started=psutil.Process(process.pid).create_time(),
        url=_url(chosen),
        token=token,
    )
    draft = _file(home)
    draft.touch(mode=0o600)
    draft.write_text(server.model_dump_json(indent=2) + "\n", encoding="utf-8")
    return server


def _before(folder: Path, variable: str) -> str:
    """Return a search path that looks into the lab's folder first: Voila's settings, template."""
    return os.pathsep.join(filter(None, (str(folder), os.environ.get(variable, ""))))


def wait(home: LabHome, server: JupyterServer, *, port: int | None = None) -> JupyterServer:
    """Return the server when it answers; raise EngineError with its log's place otherwise.

    Where no port was asked for, another program may have taken the free one meanwhile: a server
    that ended is started once more, on the next.
    """
    deadline = time.monotonic() + START_SECONDS
    again = port is None
    while not server.answers():
        ended = server.process() is None
        if ended and again:
            again = False
            server = launch(home)
        elif ended or time.monotonic() > deadline:
            raise EngineError(
                f"JupyterLab did not start; {home.logs / 'jupyter.log'} says why.",
                component="jupyter",
            )
        time.sleep(0.1)
    return server


def stop(home: LabHome) -> bool:
    """End JupyterLab and its kernels by recorded pid; return whether one ran."""
    server = find(home)
    if server is not None and (process := server.process()):
        family = [*process.children(recursive=True), process]
        process.terminate()
        see_out(family, STOP_SECONDS, killed=2)
    if server is not None:
        _file(home).unlink(missing_ok=True)
    return server is not None
