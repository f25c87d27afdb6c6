"""Where a dashboard is in Grafana, at the time that matters."""

from __future__ import annotations

from urllib.parse import urlencode

from obstack_lab.dashboards.library import LATEST

_BEFORE = 120
_AFTER = 60
"""Seconds of calm that are shown around an incident, to compare with."""


def grafana_uid(name: str) -> str:
    """Return the fixed uid of a dashboard in Grafana."""
    return f"lab-{name}"


def grafana_url(
    base: str, name: str, *, begin: float | None = None, end: float | None = None, **choices: str
) -> str:
    """Return the address of a dashboard over the time of an incident.

    `begin` and `end` are seconds since the epoch: an incident that goes on has no end and is
    followed, without a beginning the latest minutes are. `choices` are values of the dashboard's
    variables, such as `service="orders"`.

    >>> grafana_url("http://127.0.0.1:3000", "service", begin=1000, end=1600, service="orders")
    'http://127.0.0.1:3000/d/lab-service/service?from=880000&to=1660000&var-service=orders'
    """
    window = {
        "from": f"now-{LATEST}" if begin is None else str(round((begin - _BEFORE) * 1000)),
        "to": "now" if end is None else str(round((end + _AFTER) * 1000)),
    }
    chosen = {f"var-{variable}": value for variable, value in choices.items()}
    return f"{base.rstrip('/')}/d/{grafana_uid(name)}/{name}?{urlencode(window | chosen)}"
