"""The private socket: answers find their question, events come through, an end is noticed."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from obstack_lab.engine.embedded.wire import Wire
from obstack_lab.errors import EngineError, Timeout

Answer = Callable[[dict[str, Any]], list[dict[str, Any]] | None]


class Server:
    def __init__(self, path: Path) -> None:
        self.path = path
        self.answer: Answer = lambda question: [{"id": question["id"]}]
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen(1)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        client, _ = self._listener.accept()
        with client, client.makefile("rb") as lines:
            for line in lines:
                answers = self.answer(json.loads(line))
                if answers is None:
                    return
                for each in answers:
                    client.sendall(json.dumps(each).encode() + b"\n")

    def close(self) -> None:
        self._listener.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path / "s")
    yield server
    server.close()


@pytest.fixture
def events() -> list[Mapping[str, Any]]:
    return []


@pytest.fixture
def wire(server: Server, events: list[Mapping[str, Any]]) -> Iterator[Wire]:
    wire = Wire(server.path, component="services", on_event=events.append)
    yield wire
    wire.close()


def test_an_answer_comes_back(server: Server, wire: Wire) -> None:
    server.answer = lambda question: [{"id": question["id"], "pid": 12, "op": question["op"]}]
    assert wire.ask({"op": "spawn"}) == {"id": 1, "pid": 12, "op": "spawn"}


def test_an_event_in_between_is_no_answer(
    server: Server, wire: Wire, events: list[Mapping[str, Any]]
) -> None:
    server.answer = lambda question: [{"event": "exit", "pid": 3}, {"id": question["id"]}]
    assert wire.ask({"op": "spawn"}) == {"id": 1}
    assert events == [{"event": "exit", "pid": 3}]


def test_a_refusal_is_raised_in_the_words_of_the_process(server: Server, wire: Wire) -> None:
    server.answer = lambda question: [{"id": question["id"], "error": "no release 9.9"}]
    with pytest.raises(EngineError, match=r"services: no release 9\.9"):
        wire.ask({"op": "spawn"})


def test_an_end_in_the_middle_says_what_to_do(server: Server, wire: Wire) -> None:
    server.answer = lambda _: None
    with pytest.raises(EngineError, match="restart services"):
        wire.ask({"op": "spawn"})


def test_silence_has_a_deadline(server: Server, wire: Wire) -> None:
    server.answer = lambda _: []
    with pytest.raises(Timeout, match="did not answer 'spawn'"):
        wire.ask({"op": "spawn"}, seconds=0.05)
