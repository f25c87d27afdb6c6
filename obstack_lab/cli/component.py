"""`component …`: what can be done to one component, through the control agent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from obstack_lab.cli.fix import parsed
from obstack_lab.cli.output import Json, console, print_json
from obstack_lab.cli.stack import attached
from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.component_views import PolicyView, ProbeView
from obstack_lab.orchestrator.control_client import ControlClient

if TYPE_CHECKING:
    from obstack_lab.orchestrator.component_views import ReleasesView, WeightsView
    from obstack_lab.orchestrator.views import ComponentView, ConfigView

app = typer.Typer(
    help="Do something to one component: signal, restart, scale, deploy, drain, supervise…",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="A component, or an instance such as orders-2.")]
ServiceName = Annotated[str, typer.Argument(metavar="SERVICE", help="A service.")]
Instance = Annotated[str, typer.Argument(help="One of its instances, such as orders-2.")]
Restart = Literal["never", "on_failure", "always"]
Strategy = Literal["one_for_one", "one_for_all", "rest_for_one"]


@app.command()
def signal(
    name: Name,
    number: Annotated[
        Literal["STOP", "CONT", "TERM", "KILL", "INT", "HUP", "QUIT"],
        typer.Argument(metavar="SIGNAL", help="STOP, CONT, TERM, KILL, INT, HUP or QUIT."),
    ],
    *,
    json: Json = False,
) -> None:
    """Send a signal to a component's processes."""
    with _agent() as agent:
        _tell(agent.signal(name, number), json=json)


@app.command()
def pause(name: Name, *, json: Json = False) -> None:
    """Stop a component's processes where they stand."""
    with _agent() as agent:
        _tell(agent.pause(name), json=json)


@app.command()
def resume(name: Name, *, json: Json = False) -> None:
    """Let a component's processes go on."""
    with _agent() as agent:
        _tell(agent.resume(name), json=json)


@app.command()
def restart(
    name: Name,
    *,
    rolling: Annotated[
        bool, typer.Option("--rolling", help="One drained instance after the other.")
    ] = False,
    surge: Annotated[
        bool, typer.Option("--surge", help="Rolling, with one instance more meanwhile.")
    ] = False,
    json: Json = False,
) -> None:
    """Restart a component; return when it is healthy."""
    with _agent() as agent:
        if rolling or surge:
            _tell(agent.rolling_restart(name, surge=surge), json=json)
        else:
            _tell(agent.restart(name), json=json)


@app.command()
def scale(
    name: ServiceName,
    instances: Annotated[int, typer.Argument(help="How many, from 0 on.")],
    *,
    json: Json = False,
) -> None:
    """Run this many instances of a service."""
    with _agent() as agent:
        _tell(agent.scale(name, instances), json=json)


@app.command()
def deploy(
    name: ServiceName,
    release: Annotated[str, typer.Argument(help="For example 1.4.2.")],
    *,
    instance: Annotated[
        str | None, typer.Option(help="Only this one, such as orders-2: a canary.")
    ] = None,
    json: Json = False,
) -> None:
    """Replace a service by another release."""
    with _agent() as agent:
        _tell_releases(agent.deploy(name, release, instance=instance), json=json)


@app.command()
def rollback(name: ServiceName, *, json: Json = False) -> None:
    """Replace a service by the release that ran before the present one."""
    with _agent() as agent:
        _tell_releases(agent.rollback(name), json=json)


@app.command()
def config(
    name: ServiceName,
    settings: Annotated[
        list[str] | None,
        typer.Argument(metavar="[KEY=VALUE]...", help="What to change; nothing: show them."),
    ] = None,
    *,
    reset: Annotated[
        bool, typer.Option("--reset", help="Set every setting back to its default.")
    ] = False,
    json: Json = False,
) -> None:
    """Show a service's operator settings, or change some, effective at once."""
    changes = parsed(settings, of="config")
    if changes and reset:
        raise ActionError("Change settings or reset them, not both.", action="config")
    with _agent() as agent:
        if reset:
            _tell_settings(agent.reset_config(name), json=json)
        elif changes:
            _tell_settings(agent.set_config(name, changes), json=json)
        else:
            _tell_settings(agent.config(name), json=json)


@app.command()
def drain(name: ServiceName, instance: Instance, *, json: Json = False) -> None:
    """Let no new requests come to one instance of a service."""
    with _agent() as agent:
        _tell_weights(agent.drain(name, instance), json=json)


@app.command()
def undrain(name: ServiceName, instance: Instance, *, json: Json = False) -> None:
    """Let requests come again to an instance that was drained."""
    with _agent() as agent:
        _tell_weights(agent.undrain(name, instance), json=json)


@app.command()
def weigh(
    name: ServiceName,
    shares: Annotated[
        list[str] | None,
        typer.Argument(metavar="[INSTANCE=SHARE]...", help="orders-2=0.1; nothing: show them."),
    ] = None,
    *,
    json: Json = False,
) -> None:
    """Show or change the share of new requests that each instance of a service gets."""
    wanted = {instance: _share(instance, said) for instance, said in _pairs(shares)}
    with _agent() as agent:
        _tell_weights(agent.weigh(name, wanted) if wanted else agent.weights(name), json=json)


@app.command()
def supervise(
    name: Annotated[str, typer.Argument(help="A component; of a service all its instances.")],
    *,
    restart: Annotated[Restart, typer.Option(help="After which end it comes back.")] = "on_failure",
    strategy: Annotated[
        Strategy, typer.Option(help="Who is started anew with it.")
    ] = "one_for_one",
    backoff: Annotated[
        float, typer.Option(help="Seconds before the first restart, then doubled.", min=0)
    ] = 0.5,
    most: Annotated[int, typer.Option(help="Restarts in the window, then give up.", min=0)] = 5,
    window: Annotated[float, typer.Option(help="Seconds.", min=0.1)] = 60,
    liveness: Annotated[
        str | None, typer.Option(help="A path: restart it when it does not answer.")
    ] = None,
    readiness: Annotated[
        str | None, typer.Option(help="A path: no requests for it while it does not answer.")
    ] = None,
    timeout: Annotated[float, typer.Option(help="Seconds, of the probes.", min=0.001)] = 1,
    failures: Annotated[int, typer.Option(help="In a row, of the probes.", min=1)] = 3,
    json: Json = False,
) -> None:
    """Say what happens when a component ends although nobody ordered it."""
    policy = PolicyView(
        restart=restart,
        strategy=strategy,
        backoff=backoff,
        longest=max(backoff, 8),
        most=most,
        window=window,
        liveness=_probe(liveness, timeout, failures),
        readiness=_probe(readiness, timeout, failures),
    )
    with _agent() as agent:
        before = agent.supervise(name, policy)
    if json:
        print_json({"component": name, "policy": policy, "before": before})
    else:
        console().print(f"{name}: {before.words} → {policy.words}")


def _agent() -> ControlClient:
    return ControlClient(attached(), name="cli")


def _probe(path: str | None, timeout: float, failures: int) -> ProbeView | None:
    if path is None:
        return None
    if not path.startswith("/"):
        raise ActionError(
            f"'{path}' is no path: it must begin with '/'.", action="supervise", parameter="path"
        )
    return ProbeView(path=path, timeout=timeout, failures=failures)


def _pairs(texts: list[str] | None) -> list[tuple[str, object]]:
    return list(parsed(texts, of="weigh").items())


def _share(instance: str, said: object) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float):
        raise ActionError(
            f"The share of {instance} must be a number, 0 or more.",
            action="weigh",
            parameter=instance,
        )
    return float(said)


def _tell(component: ComponentView, *, json: bool) -> None:
    if json:
        print_json(component)
        return
    for part in (component, *component.children):
        pid = f" pid {part.pid}" if part.pid else ""
        console().print(f"{part.name}: {part.state} {part.release}{pid} {part.detail}".rstrip())


def _tell_releases(done: ReleasesView, *, json: bool) -> None:
    if json:
        print_json(done)
    else:
        console().print(f"{done.component}: {' → '.join(done.releases)}")


def _tell_settings(settings: ConfigView, *, json: bool) -> None:
    if json:
        print_json(settings)
        return
    for name, value in settings.values.items():
        was = f" (was {settings.before[name]})" if name in settings.before else ""
        console().print(f"{name} = {value}{was}", markup=False)


def _tell_weights(weights: WeightsView, *, json: bool) -> None:
    if json:
        print_json(weights)
        return
    for instance, share in weights.weights.items():
        console().print(f"{instance}: {weights.before[instance]:g} → {share:g}")
