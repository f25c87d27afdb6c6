"""Asks the telemetry: PromQL, LogQL and TraceQL clients that answer with tidy frames."""

from __future__ import annotations

from obstack_lab.query.logql import Logql
from obstack_lab.query.promql import Promql
from obstack_lab.query.trace import Span, Trace
from obstack_lab.query.traceql import Traceql

__all__ = ["Logql", "Promql", "Span", "Trace", "Traceql"]
