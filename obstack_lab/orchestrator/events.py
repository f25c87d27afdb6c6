"""The stream of snapshots over `WS /v1/events`, as an iterator that survives a broken line."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from websockets.exceptions import InvalidHandshake, WebSocketException
from websockets.sync.client import ClientConnection, connect

from obstack_lab.errors import LabDown, UsageError
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.state import LabState

_OPEN_WITHIN = 5.0
_SILENCE = 10.0
"""Seconds without a snapshot after which the line counts as broken."""
_PAUSE = 0.25


def snapshots(state: LabState, *, reconnect: bool, patience: float) -> Iterator[Snapshot]:
    """Yield snapshots; raise LabDown once the line stays broken for `patience` seconds."""
    url = f"ws{state.url.removeprefix('http')}/v1/events"
    heard = time.monotonic()
    while True:
        try:
            with _open(url, state.token) as line:
                while True:
                    text = line.recv(timeout=_SILENCE)
                    heard = time.monotonic()
                    yield Snapshot.model_validate_json(text)
        except InvalidHandshake as error:
            raise UsageError(
                f"The orchestrator refused the event stream: {error}. Is the token of this lab?"
            ) from error
        except (OSError, WebSocketException, TimeoutError) as error:
            if not reconnect or time.monotonic() - heard > patience:
                raise LabDown from error
            time.sleep(_PAUSE)


@contextmanager
def _open(url: str, token: str) -> Iterator[ClientConnection]:
    """Open the line and close it; left to the system where Python itself ends.

    A script may end with an iterator half read. Its line is closed among the last things then,
    when the thread that would hear the answer stands still: closing it would wait forever.
    """
    line = connect(
        url,
        additional_headers={"Authorization": f"Bearer {token}"},
        open_timeout=_OPEN_WITHIN,
        close_timeout=1,
        max_size=None,
        proxy=None,
    )
    with ExitStack() as closing:
        try:
            yield closing.enter_context(line)
        finally:
            if sys.is_finalizing():
                closing.pop_all()
