"""The one small interface behind which components run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

Scalar = bool | int | float | str
ComponentKind = Literal[
    "database", "metrics", "telemetry", "service", "load", "edge", "parent", "job"
]
ComponentState = Literal["starting", "healthy", "unhealthy", "stopped", "failed"]


@dataclass(frozen=True)
class Component:
    """What is known of one component now; `address` is a base URL or a DSN without password."""

    name: str
    kind: ComponentKind
    state: ComponentState
    pid: int | None = None
    release: str = ""
    address: str = ""
    since: float = 0.0
    restarts: int = 0
    detail: str = ""
    children: tuple[Component, ...] = ()


@dataclass(frozen=True)
class Progress:
    """One step of starting: shown while the learner waits."""

    component: str
    state: Literal["waiting", "starting", "ready", "failed"]
    seconds: float = 0.0
    detail: str = ""


Report = Callable[[Progress], None]
Resource = Literal["open_files", "memory", "cpu"]
RestartRule = Literal["never", "on_failure", "always"]
Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]


@dataclass(frozen=True)
class Probe:
    """A question that is asked again and again: so many failures in a row are a verdict."""

    path: str = "/healthz"
    every: float = 1.0
    timeout: float = 1.0
    failures: int = 3


@dataclass(frozen=True)
class Policy:
    """What happens when a component ends although nobody ordered it; times are in seconds.

    `on_failure` leaves one alone that ended with exit code 0. The strategy says who is started
    anew with it: nobody, all its siblings in the tree, or those that start after it. The first
    restart waits for `backoff`, each further one twice as long, up to `longest`; after `most`
    restarts within `window` the supervisor gives up until somebody restarts it by hand.
    `liveness` makes one that does not answer count as ended; `readiness` takes an instance that
    does not answer out of the edge's balance until it does.
    """

    restart: RestartRule = "never"
    strategy: Strategy = "one_for_one"
    backoff: float = 0.5
    longest: float = 8.0
    most: int = 5
    window: float = 60.0
    liveness: Probe | None = None
    readiness: Probe | None = None


UNSUPERVISED = Policy()
"""The default: nothing heals itself."""


@dataclass(frozen=True)
class Node:
    """A component in the supervision tree: a service's instances are its children."""

    name: str
    kind: ComponentKind | Literal["lab"]
    state: ComponentState
    pid: int | None = None
    release: str = ""
    address: str = ""
    since: float = 0.0
    restarts: int = 0
    detail: str = ""
    policy: Policy = UNSUPERVISED
    given_up: bool = False
    children: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Stack:
    """What to run: services with the release each starts at, and what differs from defaults."""

    services: Mapping[str, str]
    config: Mapping[str, Mapping[str, Scalar]] = field(default_factory=dict)
    instances: Mapping[str, int] = field(default_factory=dict)
    """how many of a service run; one where it is not named"""
    supervision: Mapping[str, Policy] = field(default_factory=dict)


@dataclass(frozen=True)
class Usage:
    """What a component takes: memory is its share (PSS) in bytes, CPU is seconds since its start.

    The processes below it count with it (the sessions of PostgreSQL, the parent of services).
    """

    memory: int
    cpu_seconds: float


class LoadPipe(Protocol):
    """The private line to the load component; it outlives restarts of the process.

    A restarted process knows nothing: send `start` again when `generation` has changed.
    """

    @property
    def generation(self) -> int:
        """Count of starts so far: 1 after the first."""

    def send(self, command: Mapping[str, object]) -> None:
        """Send one command; raises EngineError where the process does not run."""

    def status(self) -> Mapping[str, object] | None:
        """Return the last status line of this generation, or None before the first."""


@dataclass(frozen=True)
class Toxic:
    """What is done to a route's traffic: the verbs, attributes and units of Toxiproxy's toxics.

    `latency(latency, jitter)` `bandwidth(rate)` `slow_close(delay)` `timeout(timeout)`
    `reset_peer(timeout)` `slicer(average_size, size_variation, delay)` `limit_data(bytes)` `down`,
    and `loss(ratio, retransmit)` `http_error(status)` `http_tamper(header, field)`. Times are in
    ms, the slicer's in microseconds; a rate is in KB/s. `toxicity` is the share of connections, of
    `http_*` of requests, that it is on.
    """

    type: str
    stream: Literal["upstream", "downstream"] = "downstream"
    toxicity: float = 1.0
    attributes: Mapping[str, Scalar] = field(default_factory=dict)


class Network(Protocol):
    """The ways between the components; what is put on one stays through restarts of the edge."""

    def routes(self) -> tuple[str, ...]:
        """Return the names of the routes of this stack: those with both ends in it."""

    def toxics(self, route: str) -> Mapping[str, Toxic]:
        """Return the toxics on a route by name, all their attributes filled in."""

    def add_toxic(self, route: str, name: str, toxic: Toxic) -> None:
        """Put a toxic on a route; one of that name is replaced, the same one left as it is.

        A type, stream or attribute that does not exist, or a bad value, is an ActionError.
        """

    def remove_toxic(self, route: str, name: str) -> None:
        """Take a toxic off a route; one that is not there is no error."""


class Data(Protocol):
    """What is in the shop's database. Every change ends the sessions there are; a second or so."""

    def snapshots(self) -> tuple[str, ...]:
        """Return the names of the copies there are, in order."""

    def snapshot(self, name: str) -> None:
        """Keep a copy of the data under a name, in place of an earlier one of that name."""

    def restore(self, name: str) -> None:
        """Put a copy in the place of the data; raise UnknownName where there is none."""

    def forget(self, name: str) -> None:
        """Drop a copy; one that is not there is no error."""

    def reset(self) -> None:
        """Make the data what it was when the standard data set had been loaded."""

    def load(self, source: Path) -> None:
        """Put a data set in the place of the data: a `.sql` file, or a folder of such, in order.

        All of it or nothing: where a statement fails, the data stays, and the ActionError says
        which file and why.
        """


class Engine(Protocol):
    """Starts, stops and changes components. Every method has a deadline and raises EngineError.

    Thread-safe: the orchestrator calls it from several threads.
    """

    name: str

    @property
    def data(self) -> Data:
        """The shop's data."""

    @property
    def network(self) -> Network:
        """The ways between the components."""

    def start(self, stack: Stack, report: Report) -> None:
        """Start all components of the stack; return when every one is healthy."""

    def stop(self) -> None:
        """End every component; return when no process and no port is left."""

    def components(self) -> tuple[Component, ...]:
        """Return a snapshot, without waiting for anything.

        Services stand beside the others; one with several instances (or none) has `children`,
        named `orders-1`, `orders-2`… `restarts` counts how often it was started again.
        """

    def address(self, component: str) -> str:
        """Return a component's base URL; of `postgres`, the operator's DSN with its password."""

    def restart(self, component: str) -> None:
        """Stop and start a component at the release it has; return when healthy."""

    def deploy(self, service: str, release: str, *, instance: str | None = None) -> str:
        """Replace a service by another release; return the one before, when the new is healthy.

        With `instance` that one alone: a canary, until the service is deployed as a whole.
        """

    def releases(self, service: str) -> tuple[str, ...]:
        """Return the releases a service has had since the stack's start; the last one runs.

        Oldest first; a canary's is not among them.
        """

    def signal(self, component: str, signal: str) -> None:
        """Send STOP, CONT, TERM, KILL, INT, HUP or QUIT to a component's process."""

    def scale(self, service: str, instances: int) -> int:
        """Run this many instances of a service (0 is allowed); return how many ran before."""

    def config(self, service: str) -> Mapping[str, Scalar]:
        """Return a service's operator settings as it reports them."""

    def set_config(self, service: str, changes: Mapping[str, Scalar]) -> Mapping[str, Scalar]:
        """Change operator settings, effective at once; return the old values of those changed.

        The settings stay through restart, deploy and scale. A value that the service refuses is an
        ActionError.
        """

    def logs(self, component: str, lines: int = 200) -> str:
        """Return the last lines of a component's log file."""

    def load_pipe(self) -> LoadPipe:
        """Return the line to the load component, the same one for the engine's life."""

    def usage(self) -> Mapping[str, Usage]:
        """Return what each running component takes now; reads every process, takes a moment."""

    def dsn(self, role: str) -> str:
        """Return the database's URL with password; for the orchestrator's own use alone.

        `lab` is its superuser, `shop` owns the data and is what services use, `operator` looks.
        """

    def environment(self, service: str) -> Mapping[str, str]:
        """Return what a new instance is told (its deployment), overrides included."""

    def outside(self, service: str) -> Mapping[str, str]:
        """Return the same variables with addresses at which this machine's programs reach them."""

    def set_environment(
        self, service: str, changes: Mapping[str, str | None]
    ) -> Mapping[str, str | None]:
        """Override variables from the next start on; None takes an override back.

        Return the override that each had before, None where it had none.
        """

    def limit(self, component: str, resource: Resource, value: float | None) -> float | None:
        """Limit what a component's processes may take; return the limit set here before.

        `open_files` is a count, `memory` bytes of private memory, `cpu` a share of one core. None
        restores what was there. A limit stays through restarts until the next `start`.
        """

    def run_job(self, name: str, module: str, arguments: Sequence[str] = ()) -> None:
        """Run `python -m MODULE ARGUMENTS` beside the services, a component of kind `job`.

        It is told `DATABASE_URL` (role `shop`). One that runs already is left alone; one that has
        ended well is a component no longer.
        """

    def end_job(self, name: str) -> None:
        """End a job; one that does not run is no error."""

    def weigh(self, service: str, weights: Mapping[str, float]) -> Mapping[str, float]:
        """Give instances their share of new requests at the edge; 0 drains one.

        Return the weights of all its instances before; 1 where nothing was said.
        """

    def scrape(self, service: str, *, on: bool) -> bool:
        """Let Prometheus look for a service's metrics where they are, or where nobody listens.

        Return how it was.
        """

    def supervise(self, component: str, policy: Policy) -> Policy:
        """Say what happens when a component ends by itself; return the policy before.

        A service's policy holds for each of its instances.
        """

    def tree(self) -> Node:
        """Return the supervision tree below its root `lab`, siblings in the order of starting."""
