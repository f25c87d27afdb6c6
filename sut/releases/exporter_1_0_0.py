"""exporter 1.0.0: PostgreSQL, the machine and the lab's processes as metrics; PostgreSQL's log."""

from __future__ import annotations

import os
from pathlib import Path

from fastapi import APIRouter
from starlette.types import ASGIApp

from sut.exporter.database import DatabaseWatch
from sut.exporter.host import HostWatch
from sut.exporter.log_tail import LogTail
from sut.exporter.processes import ID_VARIABLE, ProcessWatch
from sut.service import Part, Runtime, application
from sut.settings import Settings
from sut.shipping import HttpPost, LogShipper

SETTINGS = Settings
LOG_VARIABLE = "POSTGRES_LOG"
"""Path of PostgreSQL's log file; where it is not told, no log is shipped."""


def build(runtime: Runtime[Settings]) -> ASGIApp:
    """Return the exporter."""
    environment, metrics = runtime.environment, runtime.telemetry.metrics
    url = environment.require("DATABASE_URL", environment.database_url)
    path = Path(os.environ.get(LOG_VARIABLE, ""))
    metrics.watch(HostWatch(path.parent).measure)
    metrics.watch(ProcessWatch(os.environ.get(ID_VARIABLE, "")).measure)
    parts: list[Part] = [DatabaseWatch(url, runtime.telemetry)]
    if path.name and environment.logs_url:
        shipper = LogShipper(HttpPost(environment.logs_url), {"service.name": "postgres"})
        parts.append(LogTail(path, shipper))
    return application(runtime, APIRouter(), parts)
