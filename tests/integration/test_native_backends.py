"""An incident on a real Loki and a real Tempo, where their programs are on PATH."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path

import pytest
import waiting

from obstack_lab.engine.embedded.programs import need_native_stores
from obstack_lab.errors import UsageError
from obstack_lab.lab import Lab, open_lab
from obstack_lab.orchestrator import daemon
from obstack_lab.orchestrator.views import ComponentView, Snapshot
from obstack_lab.settings import LabHome

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]
SECONDS = 120
CALLS = (
    '{ resource.service.name = "orders" && resource.service.version = "1.5.0" } '
    '>> { resource.service.name = "inventory" }'
)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    home = LabHome(tmp_path / "läb with spaces")
    home.create()
    try:
        need_native_stores(home)
    except UsageError as missing:
        pytest.skip(str(missing))
    state = daemon.launch(home, backends="native", timeout=300)
    with open_lab("checkout-stalls", home=home.path, show=False) as lab:
        yield lab
    assert daemon.shutdown(home)
    assert not daemon.processes(state.lab_id)


until = functools.partial(waiting.wait_for, seconds=SECONDS, pause=0.5)


def parts(lab: Lab) -> dict[str, ComponentView]:
    (stores,) = [each for each in lab.client.components(resources=True) if each.name == "telemetry"]
    return {"telemetry": stores} | {part.name: part for part in stores.children}


def test_checkout_stalls_is_found_in_three_languages_and_solved(lab: Lab) -> None:
    stores = parts(lab)
    assert set(stores) == {"telemetry", "loki", "tempo"}
    assert all(stores[name].memory for name in ("loki", "tempo"))

    def well(now: Snapshot) -> bool:
        return bool(now.criteria) and all(each.verdict == "pass" for each in now.criteria)

    until("users are well", lambda: well(lab.snapshot()))
    lab.start()
    until("it is red", lambda: any(c.verdict == "fail" for c in lab.snapshot().criteria))
    until("it pages", lambda: any(a.state == "firing" for a in lab.snapshot().alerts))

    until("logs", lambda: len(lab.logql('{service_name="orders"} | json | level="error"')))
    lines = lab.logql('{service_name="orders"} | json | level="error"')
    assert {"time", "line", "service_name", "level", "trace_id", "message"} <= set(lines.columns)
    assert len(lab.logql('sum by (level) (count_over_time({service_name="orders"} | json [30s]))'))
    assert len(lab.logql('{service_name="postgres"}')), "the exporter ships straight to Loki"
    until("traces", lambda: len(lab.traceql(CALLS)))
    found = lab.traceql(CALLS)
    assert {"time", "duration", "service", "name", "spans", "trace_id"} <= set(found.columns)
    trace = lab.trace(found)
    assert {"gateway", "orders", "inventory"} <= set(trace.services)
    until(
        "values from traces",
        lambda: len(lab.traceql('{ resource.service.name = "orders" } | rate()')),
    )
    assert len(lab.promql("max(db_client_connection_pending_requests{service_name='orders'})"))

    lab.client.act("rollback", service="orders")
    until("it is resolved", lambda: lab.client.run().phase == "resolved")
    lab.client.restart("tempo")
    assert parts(lab)["tempo"].restarts == 1
    lab.finish()
    review = lab.client.review()
    seen = {line["id"] for line in review["evidence"] if line["seen_by"]}
    assert {"orders-complains", "calls-before-the-commit", "queue-for-connections"} <= seen
