"""`ip("…")`: a single address, a range or a network, in lines and in labels."""

from __future__ import annotations

import functools
import ipaddress
import re

from obstack_lab.telemetry.logql.gonumber import quote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_CANDIDATE = re.compile(r"\d{1,3}\.[\d.]*|[0-9a-fA-F]{0,4}:[0-9a-fA-F:.]*", re.ASCII)
INVALID = "ip: invalid pattern"
_LONGEST = 64
"""No address is written longer."""


class IpMatcher:
    """Tells whether an address is the one, in the range or in the network of a pattern."""

    def __init__(self, pattern: str) -> None:
        first, dash, last = pattern.partition("-")
        try:
            if dash:
                self._low, self._high = _strict(first.strip()), _strict(last.strip())
            elif "/" in pattern:
                network = ipaddress.ip_network(pattern, strict=False)
                self._low, self._high = network.network_address, network.broadcast_address
            else:
                self._low = self._high = _strict(pattern)
        except ValueError as error:
            raise ValueError(f"{INVALID}: {quote(pattern)}") from error
        if self._low.version != self._high.version or int(self._low) > int(self._high):
            raise ValueError(f"{INVALID}: {quote(pattern)}")

    def matches(self, text: str) -> bool:
        """Say whether the text is an address that the pattern covers."""
        address = _address(text) if len(text) <= _LONGEST else None
        return (
            address is not None
            and address.version == self._low.version
            and int(self._low) <= int(address) <= int(self._high)
        )

    def found_in(self, line: str) -> bool:
        """Say whether any address in the line is covered."""
        return any(self.matches(match.group()) for match in _CANDIDATE.finditer(line))


@functools.lru_cache(maxsize=4096)
def _address(text: str) -> Address | None:
    try:
        return _strict(text)
    except ValueError:
        return None


def _strict(text: str) -> Address:
    return ipaddress.ip_address(text)
