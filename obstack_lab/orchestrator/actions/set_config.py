"""Change operator settings of a service."""

from __future__ import annotations

from obstack_lab.errors import ActionError, LabError
from obstack_lab.orchestrator.actions.interface import Effect, Params, Place
from obstack_lab.orchestrator.views import ParameterView


class SetConfig:
    """Settings are effective at once; those not named stay."""

    name = "set_config"
    title = "Change settings"
    description = "Changes operator settings of a service, effective at once."
    destructive = ""

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:
        try:
            now = place.engine.config(service)
        except LabError:
            now = {}
        return tuple(
            setting.model_copy(update={"default": now.get(setting.name, setting.default)})
            for setting in place.settings.of(service)
        )

    def do(self, place: Place, service: str, params: Params) -> Effect:
        if not params:
            names = ", ".join(setting.name for setting in place.settings.of(service))
            raise ActionError(
                f"Say which setting of {service} to change: {names}.", action=self.name
            )
        old = place.engine.set_config(service, params)
        before = ", ".join(f"{name}={old[name]}" for name in params)
        after = ", ".join(f"{name}={value}" for name, value in params.items())
        return Effect(
            component=service,
            what="config",
            result=f"{service}: {before} → {after}",
            before=before,
            after=after,
        )


class ResetConfig:
    """Every setting gets the value that the service starts with."""

    name = "reset_config"
    title = "Reset settings"
    description = "Sets every operator setting of a service back to its default."
    destructive = ""

    def form(self, place: Place, service: str) -> tuple[ParameterView, ...]:  # noqa: ARG002 - the interface
        return ()

    def do(self, place: Place, service: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        before, after = reset(place, service)
        text = f"{before} → {after}" if after else "its settings were the defaults already"
        return Effect(service, "config", f"{service}: {text}", before, after)


def reset(place: Place, service: str) -> tuple[str, str]:
    """Set a service's settings to their defaults; return what differed, before and after."""
    now = place.engine.config(service)
    wanted = {
        setting.name: setting.default
        for setting in place.settings.of(service)
        if setting.default is not None and now.get(setting.name) != setting.default
    }
    if not wanted:
        return "", ""
    old = place.engine.set_config(service, wanted)
    before = ", ".join(f"{name}={old.get(name)}" for name in wanted)
    return before, ", ".join(f"{name}={value}" for name, value in wanted.items())
