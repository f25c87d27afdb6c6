"""A service's shippers, the edge, a real Loki and a real Tempo, and the clients that ask them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sized
from contextlib import ExitStack
from pathlib import Path

import pytest

from obstack_lab.engine.embedded.edge import Edge
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.programs import need_native_stores
from obstack_lab.engine.embedded.stores import TELEMETRY, Native
from obstack_lab.engine.interface import Toxic
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.errors import QueryError, UnknownName, UsageError
from obstack_lab.query import Logql, Traceql
from obstack_lab.settings import LabHome
from sut.environment import Environment
from sut.log import Line
from sut.shipping import HttpPost, LogShipper
from sut.tracing import Tracing, start_tracing

pytestmark = pytest.mark.integration
SECONDS = 90
ROUTE = "services-telemetry"
ORDERS = {"service.name": "orders", "service.version": "1.5.0", "service.instance.id": "orders-1"}


class Way:
    """From a service to both stores, and back to who asks."""

    def __init__(self, edge: Edge, ship: LogShipper, tracing: Tracing, asked: Native) -> None:
        self.edge, self.ship, self.tracing = edge, ship, tracing
        loki, tempo = asked.units
        self.logs, self.traces = Logql(loki.address, {}), Traceql(tempo.address, {})

    def log(self, level: str, text: str, trace_id: int = 0, span_id: int = 0) -> None:
        body = f'{{"level":"{level}","message":"{text}"}}'.encode()
        self.ship.offer(Line(time.time_ns(), level, body, trace_id, span_id))


@pytest.fixture
def way(tmp_path: Path) -> Iterator[Way]:
    home = LabHome(tmp_path / "läb with spaces")
    home.create()
    try:
        need_native_stores(home)
    except UsageError as missing:
        pytest.skip(str(missing))
    place = Place(home, "cafe0001", time.time, RosterFile(home.private / FILE_NAME, "cafe0001"))
    stores, edge = Native(place), Edge(place)
    with ExitStack() as ending:
        ending.callback(place.spawner.close)
        for unit in (*stores.units, edge):
            ending.callback(unit.stop)
            unit.start()
        edge.lay(["gateway"])
        edge.lead(TELEMETRY, dict.fromkeys(stores.paths, 1), paths=stores.paths)
        told = stores.told(through=f"http://127.0.0.1:{edge.listen_port(ROUTE)}")
        environment = Environment.read(told, service="orders", release="1.5.0", port=1)
        ship = LogShipper(HttpPost(environment.logs_url), ORDERS)
        tracing = start_tracing(environment.traces_url, ORDERS)
        ship.start()
        ending.callback(tracing.close)
        ending.callback(ship.stop)
        way = Way(edge, ship, tracing, stores)
        ending.callback(way.logs.close)
        ending.callback(way.traces.close)
        yield way


def comes(what: str, ask: Callable[[float, float], Sized]) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        now = time.time()
        try:
            if len(ask(now - 300, now + 5)):
                return
        except UnknownName:
            pass
        assert time.monotonic() < deadline, f"waited {SECONDS} s in vain: {what}"
        time.sleep(0.2)


def test_what_a_service_ships_is_found_in_both_languages_and_survives_a_broken_way(
    way: Way,
) -> None:
    with way.tracing.tracer.start_as_current_span("GET /x") as span:
        context = span.get_span_context()
        way.log("error", "pool timeout", context.trace_id, context.span_id)
    trace = f"{context.trace_id:032x}"

    errors = f'{{service_name="orders"}} | json | level="error" | trace_id="{trace}"'
    comes("lines", lambda start, end: way.logs.range(errors, start, end))
    counted = 'sum by (level) (count_over_time({service_name="orders"} | json [30s]))'
    comes("a metric of lines", lambda start, end: way.logs.range(counted, start, end, step=5))
    comes("a trace by its id", lambda *_: list(way.traces.trace(trace).walk()))
    spans = '{ resource.service.name = "orders" }'
    comes("traces", lambda start, end: way.traces.search(spans, start, end))
    comes("a rate", lambda start, end: way.traces.range(f"{spans} | rate()", start, end))

    now = time.time()
    with pytest.raises(UnknownName):
        way.traces.trace("1".rjust(32, "0"))
    for ask in (
        lambda: way.logs.range('{service_name="orders"} | jsn', now - 60, now),
        lambda: way.traces.search("{ resource.service.name = }", now - 60, now),
    ):
        with pytest.raises(QueryError) as mistake:
            ask()
        assert mistake.value.column > 1

    way.edge.add_toxic(ROUTE, "gone", Toxic("down"))
    way.log("info", "meanwhile")
    way.ship.flush()
    way.edge.remove_toxic(ROUTE, "gone")
    later = '{service_name="orders"} |= "meanwhile"'
    comes("what waited", lambda start, end: way.logs.range(later, start, end))
    assert way.ship.dropped == 0
