"""Every error the shop raises on purpose.

ShopError
├── CannotStart           wrong release, settings or environment (exit 2, one line)
│   └── UnknownRelease    no such service or release
├── InvalidSettings       a change of settings that is refused whole (HTTP 422)
├── NotFound              no such product, customer or order (HTTP 404)
├── DatabaseBusy          no connection within the pool's timeout, or its queue is full (HTTP 503)
├── DatabaseDown          the database does not answer or ended the session (HTTP 503)
└── UpstreamError         another service did not answer as hoped
    ├── UpstreamBusy      no free connection to it in time (HTTP 503)
    ├── UpstreamTimeout   it took longer than the timeout (HTTP 504)
    └── UpstreamLost      refused, reset or cut off (HTTP 502)
"""

from __future__ import annotations

from dataclasses import dataclass


class ShopError(Exception):
    """Root of the shop's errors; `status` is what a client gets."""

    status = 500


class CannotStart(ShopError):
    """The process cannot start as asked; the message says what to change."""


class UnknownRelease(CannotStart):
    """There is no such service or release."""

    def __init__(self, service: str, release: str, known: tuple[str, ...]) -> None:
        what = f"release {release} of {service}" if release else f"service '{service}'"
        super().__init__(f"There is no {what}. Known: {', '.join(known)}.")
        self.service = service
        self.release = release
        self.known = known


@dataclass(frozen=True)
class Refusal:
    """One setting that is refused: which, why, and what is allowed."""

    field: str
    message: str
    allowed: str

    def __str__(self) -> str:
        return f"{self.field}: {self.message} (allowed: {self.allowed})"


class InvalidSettings(ShopError):
    """A change of settings is refused whole; `refusals` says why, field by field."""

    status = 422

    def __init__(self, refusals: tuple[Refusal, ...]) -> None:
        super().__init__("; ".join(map(str, refusals)))
        self.refusals = refusals


class NotFound(ShopError):
    """There is no such thing in the shop."""

    status = 404


class DatabaseBusy(ShopError):
    """No database connection could be had from the pool."""

    status = 503


class DatabaseDown(ShopError):
    """The database does not answer."""

    status = 503


class UpstreamError(ShopError):
    """Another service did not answer as hoped."""

    status = 502
    kind = "error"

    def __init__(self, upstream: str, message: str) -> None:
        super().__init__(message)
        self.upstream = upstream


class UpstreamBusy(UpstreamError):
    """All connections to the other service are in use."""

    status = 503
    kind = "pool_timeout"


class UpstreamTimeout(UpstreamError):
    """The other service took longer than the timeout."""

    status = 504
    kind = "timeout"


class UpstreamLost(UpstreamError):
    """The connection to the other service was refused, reset or cut off."""

    status = 502
    kind = "connection_error"
