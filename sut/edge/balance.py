"""Where new connections and requests go: by path, then smooth weighted round robin as in nginx."""

from __future__ import annotations

from collections.abc import Collection, Mapping


class Balance:
    """The addresses behind a route, the path below which each serves, the share it is due."""

    def __init__(self) -> None:
        self.weights: dict[str, float] = {}
        self.paths: dict[str, str] = {}
        self._due: dict[str, float] = {}

    def lead(self, weights: Mapping[str, float], paths: Mapping[str, str] | None = None) -> None:
        """Take these addresses and no others; one with weight 0 gets no share."""
        self.weights = dict(weights)
        self.paths = dict(paths or {})
        self._due = {address: self._due.get(address, 0.0) for address in weights}

    def serves(self, address: str) -> bool:
        """Tell whether an address gets a share."""
        return self.weights.get(address, 0.0) > 0

    def pick(self, but: Collection[str] = (), *, path: str = "") -> str | None:
        """Return whose turn it is among all but these; None where nobody is left."""
        able = [
            address
            for address, weight in self.weights.items()
            if weight and address not in but and path.startswith(self.paths.get(address, ""))
        ]
        if len(able) < 2:
            return able[0] if able else None
        for address in able:
            self._due[address] += self.weights[address]
        chosen = max(able, key=self._due.__getitem__)
        self._due[chosen] -= sum(self.weights[address] for address in able)
        return chosen
