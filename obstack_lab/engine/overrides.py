"""What was changed at a service's deployment since the stack was started."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Environments:
    """Variables that differ from what the engine tells a service."""

    def __init__(self) -> None:
        self._of: dict[str, dict[str, str]] = {}

    def of(self, service: str) -> Mapping[str, str]:
        """Return a service's overrides."""
        return dict(self._of.get(service, {}))

    def change(self, service: str, changes: Mapping[str, str | None]) -> dict[str, str | None]:
        """Set overrides, or take them back (None); return what each was before."""
        now = self._of.get(service, {})
        before = {name: now.get(name) for name in changes}
        merged = {**now, **changes}
        self._of[service] = {name: value for name, value in merged.items() if value is not None}
        return before

    def clear(self) -> None:
        """Take every override back."""
        self._of.clear()


class Weights:
    """Shares of new requests that instances get; 1 where nothing was said."""

    def __init__(self) -> None:
        self._of: dict[str, float] = {}

    def of(self, instances: Iterable[str]) -> dict[str, float]:
        """Return the weight of each instance."""
        return {instance: self._of.get(instance, 1.0) for instance in instances}

    def change(self, weights: Mapping[str, float]) -> None:
        """Give instances other weights."""
        self._of.update(weights)

    def clear(self) -> None:
        """Give every instance the same weight."""
        self._of.clear()
