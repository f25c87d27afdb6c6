"""Logs, traces and metrics of one process, started and ended together."""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass

from opentelemetry.trace import Tracer

from sut.environment import Environment
from sut.garbage import Garbage
from sut.log import LibraryHandler, Log
from sut.metrics import Metrics, counter
from sut.shipping import HttpPost, LogShipper
from sut.tracing import Tracing, start_tracing


@dataclass(frozen=True)
class Telemetry:
    """What a part of a service needs to say what it does."""

    log: Log
    metrics: Metrics
    tracing: Tracing
    shipper: LogShipper | None = None

    @property
    def tracer(self) -> Tracer:
        return self.tracing.tracer

    def close(self) -> None:
        """Send what is queued; takes about a second where the store is gone."""
        if self.shipper:
            self.shipper.stop()
        self.tracing.close()


def start_telemetry(environment: Environment) -> Telemetry:
    """Return the telemetry of this process; its threads run from here on."""
    resource = {
        "service.name": environment.service,
        "service.version": environment.release,
        "service.instance.id": environment.instance,
    }
    logs = environment.logs_url
    shipper = LogShipper(HttpPost(logs), resource) if logs else None
    log = Log(sys.stderr.buffer, shipper.offer if shipper else None)
    metrics = Metrics()
    metrics.watch(
        lambda: [
            counter(
                "log_records_dropped",
                "Log lines that could not be shipped.",
                shipper.dropped if shipper else 0,
            ),
            counter("log_records_unwritten", "Log lines stderr refused.", log.unwritten),
        ]
    )
    Garbage().start(metrics)
    logging.basicConfig(handlers=[LibraryHandler(log)], level=logging.WARNING, force=True)
    if shipper:
        shipper.start()
    return Telemetry(log, metrics, start_tracing(environment.traces_url, resource), shipper)
