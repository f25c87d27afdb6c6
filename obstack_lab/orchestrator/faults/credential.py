"""A database password that was rotated: deployments know the new one, old processes do not."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit, urlunsplit

from psycopg import sql

from obstack_lab.engine.interface import Component, Engine
from obstack_lab.orchestrator.faults.database import Connection, first, look, session, statement
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_WHO = "secrets-bot"
_ROLE = "shop"
_VARIABLE = "DATABASE_URL"
_APPLICATION = "vault-agent"
_FORM = {"services": Field()}


class CredentialDriver:
    """Rotates the password of the services' role; sessions that `services` had are ended.

    A new process is told the new password. Gone once none of the processes that run now is
    older than the rotation.
    """

    id = "credential"

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return _services(params)

    def inject(
        self, engine: Engine, injection: Injection, now: float
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        services = _services(injection.params)
        password = secrets.token_hex(16)
        pids = ",".join(map(str, sorted(_pids(engine, services))))
        with session(engine, "lab", _APPLICATION) as connection:
            before = first(connection, statement("verifier"), {"role": _ROLE})
            for service in services:
                url = _with_password(engine.environment(service)[_VARIABLE], password)
                engine.set_environment(service, {_VARIABLE: url})
            _set_password(connection, password)
            connection.execute(statement("end_sessions"), {"applications": list(services)})
        change = ChangeEntry(
            at=now, who=_WHO, component="postgres", what="config", after=f"password of {_ROLE}"
        )
        kept = {"verifier": str(before[0]) if before else "", "pids": pids}
        return replace(injection, before=kept), (change,)

    def clear(self, engine: Engine, injection: Injection) -> None:
        services = _services(injection.params)
        with session(engine, "lab", _APPLICATION) as connection:
            _set_password(connection, str(injection.before["verifier"]))
        for service in services:
            engine.set_environment(service, {_VARIABLE: None})
        old = _old(injection)
        for service in services:
            if not _pids(engine, (service,)) <= old:
                engine.restart(service)

    def residual(self, engine: Engine, injection: Injection) -> bool:
        if not _pids(engine, _services(injection.params)) & _old(injection):
            return False
        with look(engine) as connection:
            now = first(connection, statement("verifier"), {"role": _ROLE})
        return now is None or now[0] != injection.before["verifier"]


def _services(params: Mapping[str, Scalar]) -> tuple[str, ...]:
    return tuple(name.strip() for name in str(params["services"]).split(","))


def _old(injection: Injection) -> set[int]:
    return {int(pid) for pid in str(injection.before["pids"]).split(",") if pid}


def _pids(engine: Engine, services: tuple[str, ...]) -> set[int]:
    def of(component: Component) -> set[int]:
        if component.children:
            return {pid for child in component.children for pid in of(child)}
        return {component.pid} if component.pid is not None else set()

    return {pid for each in engine.components() if each.name in services for pid in of(each)}


def _with_password(url: str, password: str) -> str:
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username}:{password}@{host}"))


def _set_password(connection: Connection, password: str) -> None:
    """Set a password, or the verifier of one, which PostgreSQL takes as it is."""
    connection.execute(
        statement("set_password", role=sql.Identifier(_ROLE), password=sql.Literal(password))
    )
