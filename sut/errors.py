"""Every error the shop raises on purpose.

ShopError
├── CannotStart           wrong release, settings or environment (exit 2, one line)
│   └── UnknownRelease    no such service or release
├── InvalidSettings       a change of settings that is refused whole (HTTP 422)
├── NotFound              no such product, customer or order (HTTP 404)
├── DatabaseBusy          no connection within the pool's timeout, or its queue is full (HTTP 503)
├── DatabaseDown          the database does not answer or ended the session (HTTP 503)
├── QuotesBusy            too many quotes wait for a worker (HTTP 503)
├── CannotDo              a job that no attempt can do as it is
├── LeaseLost             a job that another worker has taken over
├── Forbidden             the API key is not valid (HTTP 403)
├── Conflict              the request does not fit what happened before (HTTP 409)
├── QuotaSpent            a customer of payments asked too often (HTTP 429)
├── RateLimited           a route gets more requests than it may (HTTP 429)
├── Shed                  refused to keep room for what matters more (HTTP 503)
└── UpstreamError         another service did not answer as hoped
    ├── UpstreamBusy      no free connection to it in time (HTTP 503)
    ├── UpstreamTimeout   it took longer than the timeout (HTTP 504)
    ├── UpstreamBroken    not asked: its circuit breaker is open (HTTP 503)
    └── UpstreamLost      refused, reset or cut off (HTTP 502)
        └── UpstreamUntrusted   its certificate is not accepted (HTTP 502)
"""

from __future__ import annotations

from dataclasses import dataclass


class ShopError(Exception):
    """Root of the shop's errors; `status` is what a client gets."""

    status = 500
    retry_after: int | None = None
    """Seconds after which it is worth another try, where that is known."""


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


class QuotesBusy(ShopError):
    """The queue for the workers that compute quotes is full."""

    status = 503


class Forbidden(ShopError):
    """The API key is not valid."""

    status = 403


class Conflict(ShopError):
    """The request does not fit what happened before."""

    status = 409


class QuotaSpent(ShopError):
    """The quota of the present minute is spent."""

    status = 429

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"The quota of this minute is spent. Try again in {retry_after} s.")
        self.retry_after = retry_after


class RateLimited(ShopError):
    """A route gets more requests than its limit allows."""

    status = 429

    def __init__(self, route: str, retry_after: int) -> None:
        super().__init__(f"Too many requests to {route}. Try again in {retry_after} s.")
        self.retry_after = retry_after


class Shed(ShopError):
    """A request is refused to keep room for what matters more."""

    status = 503
    retry_after = 1


class CannotDo(ShopError):
    """A job asks for what is not there."""


class LeaseLost(ShopError):
    """A job took so long that another worker has it by now."""


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


class UpstreamBroken(UpstreamError):
    """The other service is not asked for a while: too many calls went wrong."""

    status = 503
    kind = "circuit_open"
    retry_after = 1


class UpstreamLost(UpstreamError):
    """The connection to the other service was refused, reset or cut off."""

    status = 502
    kind = "connection_error"


class UpstreamUntrusted(UpstreamLost):
    """The certificate of the other service is not accepted."""

    kind = "certificate_error"
