"""A certificate that runs out while it is in use."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Mapping
from pathlib import Path

from obstack_lab.engine.interface import Engine
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.faults.form import Field, problems
from obstack_lab.orchestrator.faults.interface import Injection
from obstack_lab.review.journal import ChangeEntry
from obstack_lab.scenario.model import Scalar

_FOLDER = "PAYMENTS_TLS_FOLDER"
_PRIVATE = 0o600
_FORM = {
    "service": Field(choices=("payments",)),
    "lifetime": Field("number", required=False, least=1, most=86_400),
}


class CertificateDriver:
    """Puts a certificate that lives `lifetime` seconds (1) in the place of `service`'s.

    Gone once another one lies there.
    """

    id = "certificate"

    def __init__(self) -> None:
        self._kept: dict[str, tuple[bytes, bytes]] = {}
        """by canary: the file before, and as it was made"""

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        return problems(_FORM, params)

    def works_on(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:  # noqa: ARG002 - the interface
        return ()

    def inject(
        self,
        engine: Engine,
        injection: Injection,
        now: float,  # noqa: ARG002 - the interface
    ) -> tuple[Injection, tuple[ChangeEntry, ...]]:
        from sut.payments.certificate import Authority

        authority = Authority(_folder(engine, injection))
        try:
            before = authority.server_file.read_bytes()
            authority.issue(dt.timedelta(seconds=float(injection.params.get("lifetime", 1))))
            made = authority.server_file.read_bytes()
        except OSError as error:
            raise _away(error) from error
        self._kept.setdefault(injection.canary, (before, made))
        return injection, ()

    def clear(self, engine: Engine, injection: Injection) -> None:
        if self.residual(engine, injection):
            before, _ = self._kept[injection.canary]
            file = _file(engine, injection)
            draft = file.with_suffix(".back")
            try:
                draft.touch(_PRIVATE)
                draft.write_bytes(before)
                stat = file.stat()
                if stat.st_uid != os.geteuid():
                    os.chown(draft, stat.st_uid, stat.st_gid)
                draft.replace(file)
            except OSError as error:
                raise _away(error) from error

    def residual(self, engine: Engine, injection: Injection) -> bool:
        _, made = self._kept[injection.canary]
        try:
            return _file(engine, injection).read_bytes() == made
        except OSError as error:
            raise _away(error) from error


def _folder(engine: Engine, injection: Injection) -> Path:
    service = str(injection.params["service"])
    folder = engine.environment(service).get(_FOLDER, "")
    if not folder:
        raise EngineError(f"{service} has no certificate of its own.", component=service)
    return Path(folder)


def _file(engine: Engine, injection: Injection) -> Path:
    from sut.payments.certificate import Authority

    return Authority(_folder(engine, injection)).server_file


def _away(error: OSError) -> EngineError:
    return EngineError(
        f"The certificate of payments cannot be read or written: {error.strerror}.",
        component="payments",
    )
