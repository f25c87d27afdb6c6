"""`lab.fix`: the actions that the scenario's toolkit allows, as methods that complete by Tab."""

from __future__ import annotations

from collections.abc import Callable
from inspect import Parameter, Signature

from obstack_lab.errors import ActionError, UnknownName
from obstack_lab.lab import words
from obstack_lab.lab.sheet import Sheet
from obstack_lab.orchestrator.client import CURRENT, Client
from obstack_lab.orchestrator.views import ActionResult, ActionView
from obstack_lab.scenario.model import Scalar


def told(result: ActionResult) -> str:
    """Return what an action did, in one line: the result, before and after, how long."""
    text = result.result or ("done" if result.ok else "failed")
    change = f"{result.before or words.UNKNOWN} → {result.after or words.UNKNOWN}"
    if (result.before or result.after) and "→" not in text:
        text = f"{text}: {change}"
    return f"{text} ({words.duration(result.seconds)})"


def sheet(result: ActionResult) -> Sheet:
    """Return an action's result as it is shown; true when it worked."""
    shape = "✔" if result.ok else "✘"
    return Sheet(title=f"{shape} {result.action}: {told(result)}", ok=result.ok)


class Action:
    """One action: call it with the service first, parameters by name."""

    def __init__(self, name: str, forms: tuple[ActionView, ...], client: Client) -> None:
        self.__name__ = name
        self._forms = {form.service: form for form in forms}
        self._client = client
        self.__doc__ = self._help()
        self.__signature__ = self._signature()

    def __repr__(self) -> str:
        return self._help()

    def __call__(self, service: str | None = None, /, **params: Scalar) -> Sheet:
        """Do it and return what became of it."""
        chosen = self._service(service)
        known = tuple(p.name for p in self._forms[chosen].parameters)
        for name in params:
            if name not in known:
                raise ActionError(
                    f"{self.__name__} has no parameter '{name}'. "
                    f"It takes: {', '.join(known) or 'none'}.",
                    action=self.__name__,
                    parameter=name,
                )
        wanted: dict[str, Scalar] = {"service": chosen, **params} if chosen else params
        return sheet(self._client.act(self.__name__, CURRENT, **wanted))

    def _service(self, service: str | None) -> str:
        if service is None and len(self._forms) == 1:
            return next(iter(self._forms))
        if service not in self._forms:
            raise UnknownName(f"service for {self.__name__}", service or "", tuple(self._forms))
        return service

    def _help(self) -> str:
        first = next(iter(self._forms.values()))
        services = ", ".join(filter(None, self._forms))
        lines = [f"{first.title}. {first.description}".rstrip()]
        if services:
            lines.append(f"Services: {services}.")
        for parameter in first.parameters:
            limits = (
                f", {parameter.minimum:g} to {parameter.maximum:g}"
                if parameter.minimum is not None and parameter.maximum is not None
                else ""
            )
            choices = f", one of {', '.join(parameter.choices)}" if parameter.choices else ""
            unit = f" {parameter.unit}" if parameter.unit else ""
            now = "" if parameter.default is None else f", now {parameter.default}{unit}"
            lines.append(
                f"  {parameter.name} ({parameter.kind}{limits}{choices}{now}) "
                f"{parameter.description}".rstrip()
            )
        return "\n".join(lines)

    def _signature(self) -> Signature:
        first = next(iter(self._forms.values()))
        service = Parameter("service", Parameter.POSITIONAL_ONLY)
        others = [
            Parameter(p.name, Parameter.KEYWORD_ONLY, default=p.default) for p in first.parameters
        ]
        return Signature([service, *others])


class Fix:
    """The toolkit of the run: `lab.fix.rollback("orders")`, `lab.fix.set_config("orders", …)`."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client

    def __dir__(self) -> list[str]:
        return sorted({form.action for form in self._client().toolkit()})

    def __getattr__(self, name: str) -> Action:
        if name.startswith("_"):
            raise AttributeError(name)
        toolkit = self._client().toolkit()
        forms = tuple(form for form in toolkit if form.action == name)
        if not forms:
            known = tuple(sorted({form.action for form in toolkit}))
            raise UnknownName("action in this run's toolkit", name, known)
        return Action(name, forms, self._client())

    def __repr__(self) -> str:
        return repr(self._sheet())

    def _repr_html_(self) -> str:
        return self._sheet()._repr_html_()

    def _sheet(self) -> Sheet:
        rows = [
            (
                f'lab.fix.{form.action}("{form.service}"'
                + "".join(f", {p.name}={p.default!r}" for p in form.parameters[:3])
                + (", …)" if len(form.parameters) > 3 else ")"),
                form.description or form.title,
            )
            for form in self._client().toolkit()
        ]
        return Sheet("Toolkit of this run", ("call", "what it does"), rows)
