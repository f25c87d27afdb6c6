"""The stream of snapshots in a script of its own: it ends when the script does."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

from obstack_lab.orchestrator.views import Snapshot, StatusView

SCRIPT = """
from obstack_lab.orchestrator.client import Client
from obstack_lab.state import LabState

state = LabState(
    lab_id="x", pid=1, pid_started=0, url="http://127.0.0.1:{port}", token="t",
    engine="embedded", backends="built-in", started_at=0,
)
client = Client(state)
{ending}
print("the end")
"""
ENDINGS = {
    "one snapshot": "snapshot = next(iter(client.events()))",
    "half read": "events = client.events(); next(events); next(events)",
    "a loop left": "for snapshot in client.events(): break",
    "half read, lab closed": "events = client.events(); next(events); client.close()",
}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Where snapshots come, one after the other."""
    status = StatusView(
        lab_id="x", version="0", engine="embedded", backends="built-in", healthy=True,
        now=0, components=(), run=None,
    )  # fmt: skip
    text = Snapshot(status=status).model_dump_json()
    over = threading.Event()

    def tell(line: ServerConnection) -> None:
        try:
            while not over.wait(0.05):
                line.send(text)
        except ConnectionClosed:
            return

    server = serve(tell, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.socket.getsockname()[1]
    over.set()
    server.shutdown()


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_script_ends_however_it_leaves_the_stream(port: int, ending: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(port=port, ending=ENDINGS[ending])],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "the end\n", "")
