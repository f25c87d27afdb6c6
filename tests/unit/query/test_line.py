"""The light line: kept connections, lost ones, and nobody at the other end."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from obstack_lab.errors import LabDown, Timeout
from obstack_lab.query.line import Line


class Server(ThreadingHTTPServer):
    """Answers each request with its path and counts connections; may let go of them unsaid."""

    daemon_threads = True
    connections = 0
    fickle = False
    silent = False


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server: Server

        def log_message(self, *_: Any) -> None: ...

        def setup(self) -> None:
            self.server.connections += 1
            super().setup()

        def do_GET(self) -> None:
            if self.server.silent:
                over.wait(20)
                return
            body = self.path.encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/x-test")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
            self.close_connection = self.server.fickle

    over = threading.Event()
    with Server(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever, daemon=True)
        thread.start()
        yield made
        over.set()
        made.shutdown()
        thread.join(10)


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    line = Line(f"http://127.0.0.1:{server.server_port}", timeout=5)
    yield line
    line.close()


def test_one_connection_serves_many_requests(line: Line, server: Server) -> None:
    for _ in range(3):
        assert line.ask("GET", "/a?b=c", {}, None) == (200, "text/x-test", b"/a?b=c")
    assert server.connections == 1


def test_a_connection_that_was_let_go_of_is_made_anew(line: Line, server: Server) -> None:
    server.fickle = True
    for _ in range(3):
        assert line.ask("GET", "/", {}, None).status == 200
    assert server.connections == 3


def test_any_text_is_a_path(line: Line) -> None:
    said = line.ask("GET", '/x?query={a="b c"} é%20', {}, None).body
    assert said == b"/x?query=%7Ba=%22b%20c%22%7D%20%C3%A9%20"


def test_nobody_and_a_late_one_are_told(line: Line, server: Server) -> None:
    server.silent = True
    slow = Line(line.url, timeout=0.1)
    with pytest.raises(Timeout, match=r"0\.1 s"):
        slow.ask("GET", "/", {}, None)
    with pytest.raises(LabDown, match="does not answer"):
        Line("http://127.0.0.1:1", timeout=1).ask("GET", "/", {}, None)
