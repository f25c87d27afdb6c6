"""`/metrics` of the store itself, in Prometheus text."""

from __future__ import annotations

import os
import resource
from pathlib import Path

from starlette.responses import PlainTextResponse

from obstack_lab.telemetry.housekeeper import Housekeeper


def resident_bytes() -> int:
    """Return the process's resident memory."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")


def exposition(housekeeper: Housekeeper) -> PlainTextResponse:
    """Return every figure of the store, its tenants and its housekeeper."""
    database = housekeeper.database
    figures: dict[str, float] = {
        "telemetry_store_bytes": database.used_bytes(),
        "telemetry_store_evictions_total": housekeeper.evictions,
        "telemetry_store_evicted_rows_total": housekeeper.evicted_rows,
        "telemetry_store_expired_rows_total": housekeeper.expired_rows,
        "telemetry_store_housekeeper_failing": float(bool(housekeeper.last_error)),
        "process_resident_memory_bytes": resident_bytes(),
    }
    for tenant in database.tenants:
        figures.update(tenant.figures())
    lines = []
    for name, value in figures.items():
        kind = "counter" if name.endswith("_total") else "gauge"
        lines += [f"# TYPE {name} {kind}", f"{name} {value:.17g}"]
    return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4")
