"""The releases with which a lab begins."""

from __future__ import annotations

from obstack_lab.orchestrator.boot import STANDARD
from sut.release import RELEASES

_GOOD = {"payments": "1.0.0", "worker": "1.0.0"}


def newest_good(service: str) -> str:
    """Return the release at which a service starts: the standard one, else its newest."""
    return STANDARD.services.get(service) or _GOOD.get(service) or RELEASES[service][-1]
