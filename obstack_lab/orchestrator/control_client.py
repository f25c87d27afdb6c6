"""The control agent as one typed object: what can be done to components, beyond a restart."""

from __future__ import annotations

from collections.abc import Mapping

from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.component_views import (
    NodeView,
    PolicyView,
    ReleasesView,
    WeightsView,
)
from obstack_lab.orchestrator.views import ComponentView, ConfigView

_PATIENT = 120.0
"""Seconds for what replaces the processes of a service, one after the other."""


class ControlClient(Client):
    """A client that also knows the control agent's verbs."""

    def tree(self) -> NodeView:
        """Return the supervision tree below its root `lab`."""
        return self._get("/tree", NodeView)

    def supervise(self, component: str, policy: PolicyView) -> PolicyView:
        """Say what happens when a component ends by itself; return the policy before."""
        body = policy.model_dump(mode="json")
        return self._send("PUT", f"/components/{component}/policy", PolicyView, body)

    def pause(self, component: str) -> ComponentView:
        """Stop a component's processes where they stand."""
        return self._send("POST", f"/components/{component}/pause", ComponentView)

    def resume(self, component: str) -> ComponentView:
        """Let a component's processes go on."""
        return self._send("POST", f"/components/{component}/resume", ComponentView)

    def rolling_restart(self, service: str, *, surge: bool = False) -> ComponentView:
        """Restart the instances in turn, each drained; with `surge` one more runs meanwhile."""
        return self._send(
            "POST",
            f"/components/{service}/restart",
            ComponentView,
            {"rolling": True, "surge": surge},
            timeout=_PATIENT,
        )

    def reset_config(self, service: str) -> ConfigView:
        """Set every operator setting of a service back to its default."""
        return self._send("POST", f"/components/{service}/config/reset", ConfigView)

    def releases(self, service: str) -> ReleasesView:
        """Return the releases that a service has had since the stack's start."""
        return self._get(f"/components/{service}/releases", ReleasesView)

    def deploy(self, service: str, release: str, *, instance: str | None = None) -> ReleasesView:
        """Replace a service by another release, or one instance of it: a canary."""
        body = {"release": release, "instance": instance}
        path = f"/components/{service}/deploy"
        return self._send("POST", path, ReleasesView, body, timeout=_PATIENT)

    def rollback(self, service: str) -> ReleasesView:
        """Replace a service by the release that ran before the present one."""
        path = f"/components/{service}/rollback"
        return self._send("POST", path, ReleasesView, timeout=_PATIENT)

    def weights(self, service: str) -> WeightsView:
        """Return the share of new requests that each instance gets."""
        return self._get(f"/components/{service}/weights", WeightsView)

    def weigh(self, service: str, weights: Mapping[str, float]) -> WeightsView:
        """Give instances other shares of new requests; 0 drains one."""
        body = {"weights": dict(weights)}
        return self._send("PUT", f"/components/{service}/weights", WeightsView, body)

    def drain(self, service: str, instance: str) -> WeightsView:
        """Let no new requests come to one instance."""
        body = {"instance": instance}
        return self._send("POST", f"/components/{service}/drain", WeightsView, body)

    def undrain(self, service: str, instance: str) -> WeightsView:
        """Let requests come again to an instance that was drained."""
        body = {"instance": instance}
        return self._send("POST", f"/components/{service}/undrain", WeightsView, body)
