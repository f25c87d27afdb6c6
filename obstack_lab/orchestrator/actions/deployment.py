"""What services are told at their start: their configuration of deployment and credentials."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit, urlunsplit

from obstack_lab.engine.rollout import rolling_restart
from obstack_lab.errors import ActionError
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place, unchanged

_URL = "DATABASE_URL"
_LOGINS = ("a", "b")
"""Two in turn, so that a new one is good before the old one goes out of use."""


class RestoreConfiguration(Action):
    """The deployment's own variables again."""

    name = "restore_configuration"
    title = "Restore configuration"
    description = "Takes back what was overridden in a service's deployment configuration."
    effect = "The variables that a new process is told; the instances restart in turn."
    destructive = "restarts the instances of {service}, one after the other"

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        variables = place.engine.environment(at)
        overrides = place.engine.set_environment(at, dict.fromkeys(variables))
        changed = sorted(name for name, value in overrides.items() if value is not None)
        if not changed:
            return unchanged(at, "config", "nothing was overridden")
        rolling_restart(place.engine, at)
        now = place.engine.environment(at)
        before = ", ".join(f"{name}={_shown(overrides[name] or '')}" for name in changed)
        after = ", ".join(f"{name}={_shown(now.get(name, ''))}" for name in changed)
        return Effect(at, "config", f"{at}: {before} → {after}", before, after)


class RotateCredential(Action):
    """A new user and password of the database for one service."""

    name = "rotate_credential"
    title = "Rotate the credential"
    description = "Gives a service a new user and password for the database."
    effect = (
        "A new login with the rights of `shop` (two names in turn); the instances restart in turn "
        "and use it."
    )
    destructive = "restarts the instances of {service}, one after the other"

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        url = place.engine.environment(at).get(_URL)
        if not url:
            raise ActionError(
                f"{at} has no credential of the database.", action=self.name, parameter="service"
            )
        before = urlsplit(url).username or ""
        after = next(login for each in _LOGINS if (login := f"{at}_{each}") != before)
        password = secrets.token_urlsafe(24)
        place.database.run(
            "create_credential", names={"role": after}, literals={"password": password}
        )
        place.engine.set_environment(at, {_URL: _with_user(url, after, password)})
        rolling_restart(place.engine, at)
        return Effect(at, "credential", f"{at}: {before} → {after}", before, after)


def _with_user(url: str, user: str, password: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=f"{user}:{password}@{parts.hostname}:{parts.port}"))


def _shown(value: str) -> str:
    """Return a value without the password that a URL may hold."""
    parts = urlsplit(value)
    if not parts.password:
        return value
    where = f"{parts.hostname}:{parts.port}" if parts.port else str(parts.hostname)
    return urlunsplit(parts._replace(netloc=f"{parts.username}:***@{where}"))
