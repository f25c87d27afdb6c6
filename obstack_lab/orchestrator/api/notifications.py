"""`POST /v1/notifications`: where Alertmanager, if the lab has one, pages the learner."""

from __future__ import annotations

from fastapi import APIRouter

from obstack_lab.orchestrator.orchestrator import Orchestrator
from obstack_lab.orchestrator.paging import Notification, Paging


def router(lab: Orchestrator) -> APIRouter:
    """Return the route."""
    routes = APIRouter()
    paging = Paging()

    @routes.post("/notifications", status_code=204)
    def notify(notification: Notification) -> None:
        """Take a notification of Alertmanager's webhook; what is news becomes a message."""
        lab.notified(paging, notification)

    return routes
