"""A kernel behind a Jupyter server, driven as a browser drives it."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx
from websockets.sync.client import ClientConnection, connect

from obstack_lab.errors import EngineError, Timeout

_OPEN_WITHIN = 30.0


class Notebook:
    """One kernel; what runs in it blocks the caller."""

    def __init__(self, line: ClientConnection) -> None:
        self._line = line
        self._session = uuid.uuid4().hex

    def run(self, code: str, *, seconds: float) -> None:
        """Run a cell; raise EngineError where it fails, Timeout where it does not end."""
        identity = uuid.uuid4().hex
        header = {
            "msg_id": identity,
            "msg_type": "execute_request",
            "session": self._session,
            "username": "bench",
            "version": "5.3",
        }
        content = {"code": code, "silent": False, "store_history": False, "allow_stdin": False}
        message = {
            "header": header,
            "parent_header": {},
            "metadata": {},
            "content": content,
            "channel": "shell",
        }
        self._line.send(json.dumps(message))
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            try:
                got = self._line.recv(timeout=left)
            except TimeoutError:
                break
            answer = {} if isinstance(got, bytes) else json.loads(got)
            if answer.get("parent_header", {}).get("msg_id") != identity:
                continue
            if answer.get("msg_type") == "execute_reply":
                if answer["content"]["status"] != "ok":
                    said = answer["content"].get("evalue", "no reason given")
                    raise EngineError(f"A cell failed: {said}", component="jupyter")
                return
        raise Timeout(f"A cell did not end within {seconds:.0f} s.")


@contextmanager
def notebook(address: str) -> Iterator[Notebook]:
    """Start a kernel at the address that `up` prints, token included; end it afterwards."""
    parts = urlsplit(address)
    token = parse_qs(parts.query)["token"][0]
    headers = {"Authorization": f"token {token}"}
    api = f"http://{parts.netloc}/api/kernels"
    with httpx.Client(headers=headers, timeout=_OPEN_WITHIN, trust_env=False) as http:
        kernel = http.post(api, json={"name": "python3"}).raise_for_status().json()["id"]
        try:
            with connect(
                f"ws://{parts.netloc}/api/kernels/{kernel}/channels",
                additional_headers=headers,
                open_timeout=_OPEN_WITHIN,
                max_size=None,
                proxy=None,
            ) as line:
                yield Notebook(line)
        finally:
            http.delete(f"{api}/{kernel}")
