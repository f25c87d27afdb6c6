"""What the gateway lets through: routes that are shed or limited, the circuit breaker."""

from __future__ import annotations

from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.set_config import change
from obstack_lab.orchestrator.actions.target import ROUTE
from obstack_lab.orchestrator.views import ParameterView

_ROUTES = ("catalogue", "products", "quotes", "orders", "read_orders", "reports")
_SHED, _BREAKER = "shed_route", "orders_breaker"


class ShedRoute(Action):
    """One route less, so that the others live."""

    name = "shed_route"
    title = "Shed a route"
    description = "Lets the gateway refuse all requests of one route at once, or of none again."
    effect = f"The gateway's setting `{_SHED}`: users of that route get 503, the rest has room."
    destructive = "refuses every request of that route"
    target = ROUTE
    parameters = (
        ParameterView(
            name="route",
            kind="choice",
            choices=("none", *_ROUTES),
            description="which; `none` lets all of them through",
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        return change(place, at, {_SHED: params["route"]})


class RateLimitRoute(Action):
    """So many requests of a route and no more."""

    name = "rate_limit_route"
    title = "Limit a route"
    description = "Lets the gateway pass so many requests of a route a second and refuse the rest."
    effect = "The gateway's setting `rate_limit_ROUTE`: what is too much gets 429."
    destructive = "refuses the requests of that route above the limit"
    target = ROUTE
    parameters = (
        ParameterView(
            name="route", kind="choice", choices=_ROUTES, description="which requests to count"
        ),
        ParameterView(
            name="per_second",
            kind="number",
            minimum=0,
            maximum=10_000,
            description="requests that pass in a second; 0 takes the limit away",
        ),
    )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        return change(place, at, {f"rate_limit_{params['route']}": float(params["per_second"])})


class OpenBreaker(Action):
    """No requests to orders."""

    name = "open_breaker"
    title = "Open the breaker"
    description = "Lets the gateway send nothing to orders until the breaker is closed."
    effect = f"The gateway's setting `{_BREAKER}` becomes `open`: users get 503 at once."
    destructive = "sends no request to orders any more: users get errors at once"
    target = ROUTE

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        return change(place, at, {_BREAKER: "open"})


class CloseBreaker(Action):
    """Requests to orders, whatever becomes of them."""

    name = "close_breaker"
    title = "Close the breaker"
    description = "Lets the gateway send requests to orders, however many fail."
    effect = (
        f"The gateway's setting `{_BREAKER}` becomes `closed`; `set_config` with `auto` lets the "
        "breaker decide again."
    )
    target = ROUTE

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        return change(place, at, {_BREAKER: "closed"})
