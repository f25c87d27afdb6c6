"""Answers 200 on Grafana's port when the orchestrator answers, else 503; needs Grafana's files."""

from __future__ import annotations

import os
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

NEEDED = (os.environ["GF_PATHS_CONFIG"], os.environ["GF_PATHS_PROVISIONING"] + "/datasources")
DASHBOARDS = Path(os.environ["OBSTACK_LAB_DASHBOARDS"])


class Handler(BaseHTTPRequestHandler):
    """Asks before it answers."""

    def do_GET(self) -> None:
        """Answer the probe."""
        request = urllib.request.Request(  # noqa: S310 - the lab says where
            os.environ["OBSTACK_LAB_URL"] + "/v1/telemetry/prometheus/api/v1/query?query=up",
            headers={"Authorization": "Bearer " + os.environ["OBSTACK_LAB_TOKEN"]},
        )
        there = all(Path(each).exists() for each in NEEDED) and any(DASHBOARDS.glob("*.json"))
        try:
            with urllib.request.urlopen(request, timeout=2) as answer:  # noqa: S310
                well = there and answer.status == 200
        except OSError:
            well = False
        self.send_response(200 if well else 503)
        self.end_headers()


ThreadingHTTPServer(("0.0.0.0", 3000), Handler).serve_forever()  # noqa: S104 - in a container
