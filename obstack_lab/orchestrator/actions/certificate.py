"""Certificates of services."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import obstack_lab
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.actions.interface import Action, Effect, Params, Place
from obstack_lab.orchestrator.actions.target import CERTIFICATE

_FOLDER = "PAYMENTS_TLS_FOLDER"
_FILE = "server.pem"
_EXPIRES = "Not After: "
_SECONDS = 30


class RotateCertificate(Action):
    """A new certificate from the same authority."""

    name = "rotate_certificate"
    title = "Rotate the certificate"
    description = "Has a new certificate issued for a service that speaks TLS."
    effect = "New connections see it at once; nothing restarts, callers trust the same authority."
    target = CERTIFICATE

    def do(self, place: Place, at: str, params: Params) -> Effect:  # noqa: ARG002 - the interface
        folder = place.engine.environment(at).get(_FOLDER, "")
        if not folder:
            raise EngineError(f"{at} has no certificate of its own.", component=at)
        before = _expires(Path(folder))
        _issue(at, folder)
        after = _expires(Path(folder))
        return Effect(at, "certificate", f"{at}: {before} → {after}", before, after)


def _issue(service: str, folder: str) -> None:
    try:
        done = subprocess.run(
            [sys.executable, "-m", "sut.payments.issue", "--folder", folder],
            cwd=Path(obstack_lab.__file__).parent.parent,
            env=dict(os.environ),
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"No certificate was issued: {error}.", component=service) from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EngineError(f"No certificate was issued: {last}.", component=service)


def _expires(folder: Path) -> str:
    """Return until when a certificate is good, as its file says."""
    try:
        lines = (folder / _FILE).read_text(encoding="ascii").splitlines()
    except OSError:
        return "none"
    told = (line.removeprefix(_EXPIRES) for line in lines if line.startswith(_EXPIRES))
    return f"good until {next(told, 'nobody knows when')}"
