"""What every engine refuses, in the same words: an ActionError that names the parameter."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from obstack_lab.engine.interface import Policy, Probe, Resource
from obstack_lab.errors import ActionError, UnknownName

SIGNALS = ("STOP", "CONT", "TERM", "KILL", "INT", "HUP", "QUIT")
MAX_INSTANCES = 10
ROLES = ("lab", "shop", "operator")
_LEAST: Mapping[Resource, float] = {"open_files": 1, "memory": 1_000_000, "cpu": 0.01}
_MOST_CPU = 1.0
_NAME = re.compile(r"[a-z][a-z0-9-]*")
_LONGEST_NAME = 40
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def need_signal(signal: str) -> None:
    """Refuse a signal that may not be sent."""
    if signal not in SIGNALS:
        raise _refused("signal", "signal", f"No signal '{signal}'. One of: {', '.join(SIGNALS)}.")


def need_count(instances: int) -> None:
    """Refuse a number of instances that cannot run."""
    if not 0 <= instances <= MAX_INSTANCES:
        raise _refused("scale", "instances", f"instances must be 0 to {MAX_INSTANCES}.")


def need_role(role: str) -> None:
    """Refuse a role that the database does not have."""
    if role not in ROLES:
        raise UnknownName("role", role, ROLES)


def need_instance(instance: str, known: Iterable[str], *, action: str) -> None:
    """Refuse an instance that a service does not have."""
    names = tuple(known)
    if instance not in names:
        raise _refused(
            action, "instance", f"There is no instance '{instance}'. Known: {', '.join(names)}."
        )


def need_weights(weights: Mapping[str, float], known: Iterable[str]) -> None:
    """Refuse weights of instances that are not there, and weights that are none."""
    names = tuple(known)
    for instance, weight in weights.items():
        if instance not in names:
            raise _refused(
                "weigh", instance, f"There is no instance '{instance}'. Known: {', '.join(names)}."
            )
        if not (math.isfinite(weight) and weight >= 0):
            raise _refused("weigh", instance, f"The weight of {instance} must be 0 or more.")


def need_limit(resource: Resource, value: float | None) -> None:
    """Refuse a limit under which nothing could run."""
    if resource not in _LEAST:
        raise _refused("limit", "resource", f"resource must be one of {', '.join(_LEAST)}.")
    if value is None:
        return
    if not (math.isfinite(value) and value >= _LEAST[resource]):
        raise _refused("limit", "value", f"{resource} must be at least {_LEAST[resource]:g}.")
    if resource == "cpu" and value > _MOST_CPU:
        raise _refused("limit", "value", "cpu is a share of one core: at most 1.")


def need_variables(changes: Mapping[str, str | None]) -> None:
    """Refuse names that no environment can have."""
    for name, value in changes.items():
        if not _VARIABLE.fullmatch(name) or "\0" in (value or ""):
            raise _refused("set_environment", name, f"'{name}' cannot be set as a variable.")


def need_job_name(name: str, taken: Iterable[str]) -> None:
    """Refuse a job's name that is none, or that another component has."""
    if not _NAME.fullmatch(name):
        raise _refused("run_job", "name", f"'{name}' must be small letters, digits and dashes.")
    if name in {*taken, "lab"}:
        raise _refused("run_job", "name", f"'{name}' is another component. Choose another name.")


def need_snapshot_name(name: str) -> None:
    """Refuse a snapshot's name that is none."""
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        raise _refused(
            "snapshot",
            "name",
            f"'{name}' must be small letters, digits and dashes, at most {_LONGEST_NAME}.",
        )


def data_scripts(source: Path) -> tuple[Path, ...]:
    """Return the SQL files of a data set, in order; refuse what holds none."""
    scripts = tuple(sorted(source.glob("*.sql"))) if source.is_dir() else (source,)
    if not scripts or not all(script.suffix == ".sql" and script.is_file() for script in scripts):
        raise _refused(
            "load", "source", f"{source} is no .sql file and no folder of such. Give one of them."
        )
    return scripts


def need_policy(policy: Policy) -> None:
    """Refuse a policy that could not be followed."""
    for name, value, least in (
        ("backoff", policy.backoff, 0.0),
        ("longest", policy.longest, policy.backoff),
        ("most", policy.most, 0),
        ("window", policy.window, 0.1),
    ):
        if not (math.isfinite(value) and value >= least):
            raise _refused("supervise", name, f"{name} must be at least {least:g}.")
    for kind, probe in (("liveness", policy.liveness), ("readiness", policy.readiness)):
        if probe is not None:
            _need_probe(kind, probe)


def _need_probe(kind: str, probe: Probe) -> None:
    for name, value, least in (
        ("every", probe.every, 0.1),
        ("timeout", probe.timeout, 0.001),
        ("failures", probe.failures, 1),
    ):
        if not (math.isfinite(value) and value >= least):
            raise _refused(
                "supervise", f"{kind}.{name}", f"{kind}.{name} must be at least {least:g}."
            )
    if not probe.path.startswith("/"):
        raise _refused("supervise", f"{kind}.path", f"{kind}.path must begin with '/'.")


def _refused(action: str, parameter: str, message: str) -> ActionError:
    return ActionError(message, action=action, parameter=parameter)
