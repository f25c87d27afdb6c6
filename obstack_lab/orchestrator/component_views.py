"""What the control agent is asked and answers: the supervision tree, policies, releases, shares.

Imports nothing heavier than pydantic, so that a notebook can use it.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from obstack_lab.orchestrator.views import View

Share = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ProbeView(View):
    """A question to a component, again and again; so many failures in a row are a verdict."""

    path: str = Field(default="/healthz", pattern=r"^/")
    every: float = Field(default=1, ge=0.1, le=60, description="seconds")
    timeout: float = Field(default=1, ge=0.001, le=60, description="seconds")
    failures: int = Field(default=3, ge=1, le=100)


class PolicyView(View):
    """What happens when a component ends although nobody ordered it; times in seconds."""

    restart: Literal["never", "on_failure", "always"] = "never"
    strategy: Literal["one_for_one", "one_for_all", "rest_for_one"] = "one_for_one"
    backoff: float = Field(default=0.5, ge=0, le=600, description="before the first restart")
    longest: float = Field(default=8, ge=0, le=600, description="cap of the backoff, which doubles")
    most: int = Field(default=5, ge=0, le=1_000_000, description="restarts within the window")
    window: float = Field(default=60, ge=0.1, le=86_400)
    liveness: ProbeView | None = Field(default=None, description="no answer: it is restarted")
    readiness: ProbeView | None = Field(default=None, description="no answer: no requests for it")

    @property
    def words(self) -> str:
        """The policy in a few words, for the change log."""
        if self.restart == "never":
            return "never restarted"
        checks = "".join(
            f", {kind} {probe.path} within {probe.timeout:g} s × {probe.failures}"
            for kind, probe in (("liveness", self.liveness), ("readiness", self.readiness))
            if probe is not None
        )
        return f"restart {self.restart}, {self.strategy}, {self.most} in {self.window:g} s{checks}"


class NodeView(View):
    """A component in the supervision tree; a service's instances are its children."""

    name: str
    kind: str
    state: Literal["starting", "healthy", "unhealthy", "stopped", "failed"]
    pid: int | None = None
    release: str = ""
    address: str = ""
    since: float = 0
    restarts: int = 0
    detail: str = ""
    policy: PolicyView = PolicyView()
    given_up: bool = Field(default=False, description="it ended too often; restart it by hand")
    children: tuple[NodeView, ...] = ()


class RestartRequest(View):
    """How to restart: all at once, or one instance after the other."""

    rolling: bool = Field(default=False, description="one drained instance after the other")
    surge: bool = Field(default=False, description="rolling, with one instance more meanwhile")


class DeployRequest(View):
    """Which release, and whether one instance gets it alone: a canary."""

    release: str = Field(min_length=1)
    instance: str | None = None


class InstanceRequest(View):
    """Which instance of a service."""

    instance: str = Field(min_length=1)


class WeightsRequest(View):
    """Shares of new requests by instance; 0 drains one."""

    weights: dict[str, Share] = Field(min_length=1)


class WeightsView(View):
    """Shares of new requests by instance: as they are, and as they were."""

    component: str
    weights: dict[str, float]
    before: dict[str, float]


class ReleasesView(View):
    """The releases that a service has had since the stack's start, oldest first; the last runs."""

    component: str
    releases: tuple[str, ...]
    before: str = ""
