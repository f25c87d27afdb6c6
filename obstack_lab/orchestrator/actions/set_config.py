"""Change operator settings of a service."""

from __future__ import annotations

from obstack_lab.errors import ActionError, LabError
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place, unchanged
from obstack_lab.orchestrator.views import ParameterView


class SetConfig(Action):
    """Settings are effective at once; those not named stay."""

    name = "set_config"
    title = "Change settings"
    description = "Changes operator settings of a service, effective at once."
    effect = "The settings named, in every instance; they stay through restart and deploy."
    free = True

    def form(self, place: Place, at: str) -> tuple[ParameterView, ...]:
        try:
            now = place.engine.config(at)
        except LabError:
            now = {}
        return tuple(
            setting.model_copy(
                update={"default": now.get(setting.name, setting.default), "optional": True}
            )
            for setting in place.settings.of(at)
        )

    def do(self, place: Place, at: str, params: Params) -> Effect:
        if not params:
            names = ", ".join(setting.name for setting in place.settings.of(at))
            raise ActionError(f"Say which setting of {at} to change: {names}.", action=self.name)
        return change(place, at, params)


class ResetConfig(Action):
    """Every setting gets the value that the service starts with."""

    name = "reset_config"
    title = "Reset settings"
    description = "Sets every operator setting of a service back to its default."
    effect = "Every setting that is not its default."

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        now = place.engine.config(at)
        wanted = {
            setting.name: setting.default
            for setting in place.settings.of(at)
            if setting.default is not None and now.get(setting.name) != setting.default
        }
        if not wanted:
            return unchanged(at, "config", "its settings were the defaults already")
        return change(place, at, wanted)


def change(place: Place, service: str, settings: Params) -> Effect:
    """Set settings of a service; the effect says what each was and is."""
    old = place.engine.set_config(service, settings)
    before = ", ".join(f"{name}={old.get(name)}" for name in settings)
    after = ", ".join(f"{name}={value}" for name, value in settings.items())
    return Effect(service, "config", f"{service}: {before} → {after}", before, after)
