"""How a component reaches the orchestrator."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Callback:
    """The orchestrator's address and the token that it asks for."""

    url: str
    token: str
