"""The parent's loop: forks on command, reports ends, and takes its children with it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections.abc import Mapping

from sut import control
from sut.control import BadCommand
from sut.errors import UnknownRelease
from sut.parent.child import Order, become
from sut.release import need_release

SEND_SECONDS = 1.0
TERM_SECONDS = 2.5
"""How long children get to stop by themselves when the parent ends."""


class Nursery:
    """One thread, one selector: a socket to listen on, its clients, and the children's ends."""

    def __init__(self, listener: socket.socket) -> None:
        self._listener = listener
        self._clients: dict[socket.socket, bytes] = {}
        self._owner: socket.socket | None = None
        self._children: dict[int, str] = {}
        self._selector = selectors.DefaultSelector()
        self._ending = False
        self._wake_read, self._wake_write = socket.socketpair()

    def run(self) -> None:
        """Serve until the owner goes or SIGTERM comes; then end every child."""
        for end in (self._wake_read, self._wake_write, self._listener):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._selector.register(self._wake_read, selectors.EVENT_READ)
        try:
            while not self._ending:
                for key, _ in self._selector.select():
                    self._handle(key.fileobj)
        finally:
            self._end_children()

    def _stop(self, *_: object) -> None:
        self._ending = True

    def _handle(self, ready: object) -> None:
        if ready is self._listener:
            client, _ = self._listener.accept()
            client.settimeout(SEND_SECONDS)
            self._clients[client] = b""
            self._owner = self._owner or client
            self._selector.register(client, selectors.EVENT_READ)
        elif ready is self._wake_read:
            self._reap()
        elif isinstance(ready, socket.socket):
            self._read(ready)

    def _read(self, client: socket.socket) -> None:
        try:
            received = client.recv(65536)
        except ConnectionError:
            received = b""
        if not received:
            self._forget(client)
            return
        *lines, rest = (self._clients[client] + received).split(b"\n")
        self._clients[client] = rest
        if len(rest) > control.MAX_LINE:
            self._forget(client)
            return
        for line in lines:
            if line.strip():
                self._answer(client, line)

    def _forget(self, client: socket.socket) -> None:
        self._selector.unregister(client)
        del self._clients[client]
        client.close()
        self._ending = self._ending or client is self._owner

    def _answer(self, client: socket.socket, line: bytes) -> None:
        number: object = None
        try:
            command = control.parse(line)
            number = command.get("id")
            order = parse_order(command)
            need_release(order.service, order.release)
            self._send(client, {"id": number, "pid": self._spawn(order)})
        except (BadCommand, UnknownRelease, OSError) as error:
            self._send(client, {"id": number, "error": str(error)})

    def _send(self, client: socket.socket, message: Mapping[str, object]) -> None:
        if client not in self._clients:
            return
        try:
            client.sendall(control.encode(message))
        except OSError:
            self._forget(client)

    def _spawn(self, order: Order) -> int:
        parent = os.getpid()
        pid = os.fork()
        if pid == 0:
            become(order, parent)
        self._children[pid] = order.service
        return pid

    def _reap(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._wake_read.recv(4096)
        while self._children:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._children.pop(pid, None)
            code = os.waitstatus_to_exitcode(status)
            event = {
                "event": "exit",
                "pid": pid,
                "code": code if code >= 0 else None,
                "signal": -code if code < 0 else None,
            }
            for client in list(self._clients):
                self._send(client, event)

    def _end_children(self) -> None:
        self._signal_all(signal.SIGTERM)
        self._signal_all(signal.SIGCONT)
        ready = selectors.DefaultSelector()
        ready.register(self._wake_read, selectors.EVENT_READ)
        deadline = time.monotonic() + TERM_SECONDS
        while self._children and (left := deadline - time.monotonic()) > 0:
            if ready.select(left):
                self._reap()
        self._signal_all(signal.SIGKILL)
        while self._children:
            pid, _ = os.waitpid(-1, 0)
            self._children.pop(pid, None)

    def _signal_all(self, number: signal.Signals) -> None:
        for pid in self._children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, number)


def parse_order(command: Mapping[str, object]) -> Order:
    """Return what a spawn command asks for. Raise BadCommand where something is missing."""
    if command.get("op") != "spawn":
        raise BadCommand("the only command is 'spawn'")
    port = int(control.number(command, "port"))
    variables = command.get("env", {})
    if not isinstance(variables, dict):
        raise BadCommand("'env' must be an object of texts")
    return Order(
        service=control.text(command, "service"),
        release=control.text(command, "release"),
        port=port,
        variables={str(key): str(value) for key, value in variables.items()},
        log=control.text(command, "log"),
    )
