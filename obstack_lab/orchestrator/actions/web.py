"""The operator's hand at the services' own endpoints."""

from __future__ import annotations

from typing import Any

import httpx

from obstack_lab.errors import EngineError

_TIMEOUT = 3.0


class Web:
    """Asks an instance, with a deadline."""

    def __init__(self, transport: httpx.BaseTransport | None = None) -> None:
        self._transport = transport

    def delete(self, url: str, *, component: str) -> dict[str, Any]:
        """Delete what is at an address and return the answer; raise EngineError."""
        try:
            with httpx.Client(
                transport=self._transport, timeout=_TIMEOUT, trust_env=False
            ) as client:
                return dict(client.delete(url).raise_for_status().json())
        except (httpx.HTTPError, ValueError) as error:
            raise EngineError(
                f"{component} does not do it: {error}. Look at `./lab logs {component}`.",
                component=component,
            ) from error
