"""Ships log lines by OTLP/HTTP from a thread of its own: batched, bounded, oldest dropped first.

The SDK's logs API is not stable yet, so this one module speaks the (stable) protocol itself.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from http.client import HTTPConnection, HTTPException
from urllib.parse import urlsplit

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from sut.log import Line

SEVERITY = {"debug": 5, "info": 9, "warning": 13, "error": 17}
CAPACITY = 8192
BATCH = 1024
TIMEOUT_SECONDS = 1.0
_CONTENT = {"Content-Type": "application/x-protobuf"}

Post = Callable[[bytes], int]
"""Sends one encoded request and returns the HTTP status; raises OSError or HTTPException."""


class LogShipper:
    """Takes lines without ever waiting and posts them in batches while `run` goes."""

    def __init__(
        self,
        post: Post,
        resource: Mapping[str, str],
        *,
        capacity: int = CAPACITY,
        interval: float = 1.0,
    ) -> None:
        self._post = post
        self._resource = resource
        self._capacity = capacity
        self._interval = interval
        self._queue: deque[Line] = deque()
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.dropped = 0
        """Lines given up: the queue was full, or the store refused them."""

    def offer(self, line: Line) -> None:
        """Queue a line; where the queue is full, the oldest line goes."""
        with self._lock:
            self._queue.append(line)
            if len(self._queue) > self._capacity:
                self._queue.popleft()
                self.dropped += 1

    def start(self) -> None:
        """Post batches from a daemon thread until `stop`."""
        self._thread = threading.Thread(target=self._run, name="log-shipper", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Post what is queued, once, and end the thread; takes 1 s at most without a store."""
        self._stop.set()
        if self._thread:
            self._thread.join(timeout=2 * TIMEOUT_SECONDS)

    def _run(self) -> None:
        while not self._stop.wait(self._interval):
            self.flush()
        self.flush()

    def flush(self) -> None:
        """Post everything queued; stop at the first failure and keep what was not taken."""
        while batch := self._take():
            try:
                status = self._post(encode(batch, self._resource))
            except (OSError, HTTPException):
                self._put_back(batch)
                return
            if status in {429, 502, 503, 504}:
                self._put_back(batch)
                return
            if status >= 400:
                with self._lock:
                    self.dropped += len(batch)

    def _take(self) -> list[Line]:
        with self._lock:
            return [self._queue.popleft() for _ in range(min(BATCH, len(self._queue)))]

    def _put_back(self, batch: list[Line]) -> None:
        with self._lock:
            room = self._capacity - len(self._queue)
            kept = batch[-room:] if room > 0 else []
            self.dropped += len(batch) - len(kept)
            self._queue.extendleft(reversed(kept))


def encode(batch: list[Line], resource: Mapping[str, str]) -> bytes:
    """Return an OTLP logs request; the body of each record is the line's JSON text."""
    request = ExportLogsServiceRequest()
    of_resource = request.resource_logs.add()
    of_resource.resource.attributes.extend(
        KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in resource.items()
    )
    records = of_resource.scope_logs.add().log_records
    for line in batch:
        record = records.add(
            time_unix_nano=line.time_ns,
            observed_time_unix_nano=line.time_ns,
            severity_number=SEVERITY[line.level],
            severity_text=line.level,
            body=AnyValue(string_value=line.text.decode()),
        )
        if line.trace_id:
            record.trace_id = line.trace_id.to_bytes(16, "big")
            record.span_id = line.span_id.to_bytes(8, "big")
    return bytes(request.SerializeToString())


class HttpPost:
    """Posts to an address over one kept connection."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._path = address.path or "/"
        self._connection = HTTPConnection(
            address.hostname or "127.0.0.1", address.port or 4318, timeout=TIMEOUT_SECONDS
        )

    def __call__(self, body: bytes) -> int:
        """Send one request; the connection is dropped when that fails.

        One that was kept may have been closed by the other side meanwhile: then a new one is tried.
        """
        kept = self._connection.sock is not None
        try:
            return self._send(body)
        except (ConnectionError, HTTPException):  # RemoteDisconnected is both
            if not kept:
                raise
        return self._send(body)

    def _send(self, body: bytes) -> int:
        try:
            self._connection.request("POST", self._path, body, _CONTENT)
            response = self._connection.getresponse()
            response.read()
        except (OSError, HTTPException):
            self._connection.close()
            raise
        return response.status
