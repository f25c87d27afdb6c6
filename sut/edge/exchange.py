"""One HTTP/1.1 request and its answer, read as they pass: only where a route has a reason to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from http import HTTPStatus

import httptools
import orjson

from sut.edge.tamper import Tamper

_REQUEST = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
READ_BYTES = 1 << 20
"""An answer longer than this passes as it is."""


def request_line(data: bytes) -> tuple[str, str]:
    """Return the method and the path where a request begins here, else `''` twice."""
    found = _REQUEST.match(data)
    return (found[1].decode(), found[2].decode("latin-1")) if found else ("", "")


class Refusal:
    """Reads a request to its end and answers it in the place of the server."""

    def __init__(self, status: int) -> None:
        self._status = status
        self._parser = httptools.HttpRequestParser(self)
        self._read = False
        self.keeps_alive = True

    def answer(self, data: bytes) -> bytes:
        """Take bytes of the request; return the whole answer once it is complete, else nothing.

        Raise httptools.HttpParserError where it is no HTTP after all.
        """
        self._parser.feed_data(data)
        if not self._read:
            return b""
        try:
            reason = HTTPStatus(self._status).phrase
        except ValueError:
            reason = "Error"
        body = orjson.dumps({"detail": reason.lower()})
        head = f"HTTP/1.1 {self._status} {reason}\r\ncontent-type: application/json\r\n"
        close = "" if self.keeps_alive else "connection: close\r\n"
        return f"{head}{close}content-length: {len(body)}\r\n\r\n".encode() + body

    def on_headers_complete(self) -> None:
        """Be told by the parser."""
        self.keeps_alive = self._parser.should_keep_alive()

    def on_message_complete(self) -> None:
        """Be told by the parser."""
        self._read = True


class Exchange:
    """Watches an answer for its end, and changes it where it is to be tampered with."""

    def __init__(self, method: str, tampers: Sequence[Tamper] = ()) -> None:
        self.is_complete = False
        self._tampers = tampers
        self._body: list[bytes] = []
        self._raw = b""
        # the answer to HEAD has a length and no body: its end cannot be told from it alone
        self._parser = httptools.HttpResponseParser(self) if method != "HEAD" else None

    @property
    def is_open(self) -> bool:
        """Whether more of the answer is known to come."""
        return self._parser is not None and not self.is_complete

    def passed(self, data: bytes) -> bytes:
        """Take bytes of the answer; return those that go to the client now."""
        if self._parser is None:
            return data
        if self._tampers:
            self._raw += data
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            return self._give_up(data)
        if not self._tampers:
            return data
        if self.is_complete:
            for tamper in self._tampers:
                self._raw = tamper.answer(self._raw, b"".join(self._body))
            self._tampers = ()
            return self._raw
        return self._give_up(data) if len(self._raw) > READ_BYTES else b""

    def on_body(self, body: bytes) -> None:
        """Be told by the parser."""
        if self._tampers:
            self._body.append(body)

    def on_message_complete(self) -> None:
        """Be told by the parser; `100 Continue` is no answer yet."""
        self.is_complete = self._parser is not None and self._parser.get_status_code() >= 200

    def _give_up(self, data: bytes) -> bytes:
        waiting = self._raw if self._tampers else data
        self._parser, self._tampers = None, ()
        return waiting
