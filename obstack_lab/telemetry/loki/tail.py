"""`/tail`: new lines of a query over a WebSocket, as they come."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping, Sequence

import orjson
from anyio import to_thread
from starlette.websockets import WebSocket, WebSocketDisconnect

from obstack_lab.telemetry.logql import ast
from obstack_lab.telemetry.logql.entry import Entry
from obstack_lab.telemetry.logql.errors import LogqlError
from obstack_lab.telemetry.logql.filters import text_test
from obstack_lab.telemetry.logql.pipeline import compile_stages, run
from obstack_lab.telemetry.logql.validate import parse
from obstack_lab.telemetry.loki import answer
from obstack_lab.telemetry.loki.lines import LineReader
from obstack_lab.telemetry.loki.query import DEADLINE_SECONDS, parse_limit
from obstack_lab.telemetry.loki.record import Refused
from obstack_lab.telemetry.loki.store import LogStore
from obstack_lab.telemetry.loki.stream import Stream
from obstack_lab.telemetry.loki.times import Parameters, bounds

MOST_WAITING = 10_000
"""How many lines wait for a slow listener; what is more is dropped, and said so."""
LONGEST_DELAY = 5
LOGS_ONLY = "only log queries can be tailed; ask query_range for metrics"


def tail_query(get: Parameters) -> tuple[ast.Selector, int, int, int]:
    """Return selector, limit, start and delay of a tail, or raise what is wrong with them."""
    limit = parse_limit(get("limit"))
    start, _ = bounds(get, time.time_ns())
    text = get("delay_for")
    delay = int(text) if text.isdigit() else 0
    if delay > LONGEST_DELAY:
        raise Refused(f"delay_for can't be greater than {LONGEST_DELAY}")
    tree = parse(get("query"))
    if not isinstance(tree, ast.Selector):
        raise LogqlError(LOGS_ONLY)
    return tree, limit, start, delay


class Tail:
    """One listener: takes fresh lines from the store's threads, sends them from the event loop."""

    def __init__(self, store: LogStore, selector: ast.Selector, *, delay: int) -> None:
        self.store = store
        self.dropped: list[dict[str, object]] = []
        self._delay = delay
        self._tests = [(item.name, text_test(item.op, item.value)) for item in selector.matchers]
        self._stages = compile_stages(selector.stages)
        self._waiting: list[Entry] = []
        self._loop = asyncio.get_running_loop()
        self._ready = asyncio.Event()

    def take(self, fresh: Sequence[tuple[Stream, int, str, Mapping[str, str]]]) -> None:
        """Keep the fresh lines that pass; called by whoever appends to the store."""
        passed = []
        for stream, timestamp, line, meta in fresh:
            if all(test(stream.labels.get(name, "")) for name, test in self._tests):
                entry = Entry(timestamp, line, stream.labels, meta)
                if run(self._stages, entry):
                    passed.append(entry)
        if passed:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._add, passed)

    def _add(self, entries: list[Entry]) -> None:
        room = MOST_WAITING - len(self._waiting)
        self._waiting += entries[:room]
        for entry in entries[room:]:
            self.dropped.append({"labels": entry.labels(), "timestamp": str(entry.timestamp)})
        del self.dropped[:-100]
        self._ready.set()

    async def next(self) -> tuple[list[Entry], list[dict[str, object]]]:
        """Wait for lines; return them with what had to be dropped."""
        await self._ready.wait()
        if self._delay:
            await asyncio.sleep(self._delay)
        self._ready.clear()
        entries, self._waiting = self._waiting, []
        dropped, self.dropped = self.dropped, []
        return entries, dropped


def message(entries: Sequence[Entry], dropped: Sequence[dict[str, object]]) -> str:
    """Return what is sent: `{"streams":[…],"dropped_entries":[…]}`."""
    document: dict[str, object] = {"streams": answer.streams(entries, categorize=False)}
    if dropped:
        document["dropped_entries"] = list(dropped)
    return orjson.dumps(document).decode()


async def serve(socket: WebSocket, store: LogStore) -> None:
    """Serve one tail until the client goes."""
    given = socket.query_params
    await socket.accept()
    try:
        selector, limit, start, delay = tail_query(lambda name: given.get(name, ""))
    except (LogqlError, Refused) as error:
        await socket.close(1008, str(error)[:120])
        return
    tail = Tail(store, selector, delay=delay)
    store.listeners.append(tail.take)
    sender = asyncio.create_task(_send(socket, tail, selector, limit=limit, start=start))
    try:
        while True:
            await socket.receive_text()
    except (WebSocketDisconnect, KeyError, RuntimeError):
        pass
    finally:
        store.listeners.remove(tail.take)
        sender.cancel()
        with contextlib.suppress(asyncio.CancelledError, RuntimeError, WebSocketDisconnect):
            await sender


async def _send(
    socket: WebSocket, tail: Tail, selector: ast.Selector, *, limit: int, start: int
) -> None:
    reader = LineReader(tail.store)
    now = time.time_ns() + 1

    def read() -> Sequence[Entry]:
        with tail.store.database.limited(DEADLINE_SECONDS):
            return reader.read(selector, start, now, limit=limit)

    past = await to_thread.run_sync(read)
    if past:
        await socket.send_text(message(past[::-1], []))
    sent = {(id(entry.stream), entry.timestamp, entry.line) for entry in past}
    while True:
        entries, dropped = await tail.next()
        fresh = [e for e in entries if (id(e.stream), e.timestamp, e.line) not in sent]
        sent = set()
        if fresh or dropped:
            await socket.send_text(message(fresh, dropped))
