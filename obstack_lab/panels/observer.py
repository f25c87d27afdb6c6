"""Explore and the dashboards behind a widget: hands out the bundle and answers its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from obstack_lab.errors import LabError, QueryError
from obstack_lab.orchestrator.client import Client
from obstack_lab.panels import board, bundle
from obstack_lab.panels.gate import Gate
from obstack_lab.panels.view import Block
from obstack_lab.panels.worker import Worker

if TYPE_CHECKING:
    from obstack_lab.lab import Lab

VERBS = frozenset({"bundle", "boards", "fetch"})
AT_ONCE = 4
"""Requests under way together: a dashboard asks a dozen at the same time."""
Send = Callable[[Block, list[bytes]], None]


class Observer:
    """Answers the verbs of Explore on threads of its own; nothing is raised."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._gates = {name: Gate(self._client, name=name) for name in ("explore", "dashboard")}
        self._workers = Worker("obstack-explore", threads=AT_ONCE)

    def hear(self, verb: str, message: Mapping[str, Any], send: Send) -> None:
        """Take a message, answer it by `send` later; returns at once, on any thread."""
        self._workers.put(lambda: self._answer(verb, message.get("id"), message["params"], send))

    def follow(self, lab: Lab) -> None:
        """Ask through this opening of the lab from now on."""
        self._lab = lab

    def close(self) -> None:
        """Let the threads end, and the connections go."""
        self._workers.close()
        for gate in self._gates.values():
            gate.close()

    def _client(self) -> Client:
        return self._lab.client

    def _answer(self, verb: str, number: object, params: Mapping[str, Any], send: Send) -> None:
        try:
            reply, buffers = self._do(verb, params)
        except QueryError as error:
            reply, buffers = {"ok": False, "error": str(error), "caret": error.caret()}, []
        except LabError as error:
            reply, buffers = {"ok": False, "error": str(error)}, []
        send({"id": number, **reply}, buffers)

    def _do(self, verb: str, params: Mapping[str, Any]) -> tuple[Block, list[bytes]]:
        match verb:
            case "bundle":
                return {"ok": True}, [bundle.packed()]
            case "boards":
                return {"ok": True, "data": list(board.boards())}, []
            case _:
                gate = self._gates["dashboard" if params.get("who") == "dashboard" else "explore"]
                kind, body = gate.ask(params)
                return {"ok": True, "type": kind}, [body]


_observers: dict[str, Observer] = {}
"""By the lab's directory: one pool of threads and connections, however many widgets there are."""


def observer_of(lab: Lab) -> Observer:
    """Return the observer of a lab; the same one for every opening of it."""
    key = str(lab.home.path)
    found = _observers.get(key)
    if found is None:
        found = _observers[key] = Observer(lab)
    found.follow(lab)
    return found


def page() -> Block:
    """Return what the browser has to know to load Explore."""
    return {"bundle": bundle.digest(), "boards": len(board.boards())}
