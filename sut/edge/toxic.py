"""What a route can be made to do to its traffic: the kinds of toxics, and what each needs.

Types, attributes and units are Toxiproxy's, so far as Toxiproxy has them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from sut.control import BadCommand

Stream = Literal["upstream", "downstream"]
"""Which way the bytes go: from the client to the server, or back."""
Scalar = bool | int | float | str

HTTP_ERROR = "http_error"
HTTP_TAMPER = "http_tamper"
DOWN = "down"


@dataclass(frozen=True)
class Amount:
    """A number that an attribute takes; without a default it must be given."""

    default: float | None = None
    least: float = 0
    most: float = 1e9


@dataclass(frozen=True)
class Name:
    """A text that an attribute takes; empty means none."""

    default: str = ""


KINDS: Mapping[str, Mapping[str, Amount | Name]] = {
    # ms, and ms that it differs by
    "latency": {"latency": Amount(), "jitter": Amount(0)},
    # KB/s
    "bandwidth": {"rate": Amount(least=0.001)},
    # ms by which the end of the stream comes late
    "slow_close": {"delay": Amount()},
    # ms until the connection, from which nothing gets through, is closed; 0 is never
    "timeout": {"timeout": Amount()},
    # ms between the first bytes and the reset
    "reset_peer": {"timeout": Amount(0)},
    # bytes, bytes, microseconds between slices
    "slicer": {"average_size": Amount(least=1), "size_variation": Amount(0), "delay": Amount(0)},
    # bytes after which the connection is closed
    "limit_data": {"bytes": Amount()},
    # connections are refused, those that are open are cut
    DOWN: {},
    # share of the chunks that come a retransmission timeout (ms) later, all others behind them
    "loss": {"ratio": Amount(most=1), "retransmit": Amount(200)},
    # the status that is answered instead of the server
    HTTP_ERROR: {"status": Amount(least=400, most=599)},
    # a header that is lost, or a field of the JSON body that becomes null; neither: every number
    HTTP_TAMPER: {"header": Name(), "field": Name()},
}


@dataclass(frozen=True)
class Toxic:
    """One of them: `toxicity` is the share of connections, of `http_*` of requests, it is on."""

    type: str
    stream: Stream = "downstream"
    toxicity: float = 1.0
    attributes: Mapping[str, Scalar] = field(default_factory=dict)

    @classmethod
    def read(
        cls, kind: object, stream: object, toxicity: object, attributes: Mapping[str, object]
    ) -> Toxic:
        """Return a toxic with every attribute its type has. Raise BadCommand where one is wrong."""
        if not isinstance(kind, str) or kind not in KINDS:
            raise BadCommand(f"there is no toxic '{kind}'; known: {', '.join(KINDS)}")
        if stream not in get_args(Stream):
            raise BadCommand(f"'stream' must be one of {', '.join(get_args(Stream))}")
        if not _is_number(toxicity) or not 0 <= (share := cast("float", toxicity)) <= 1:
            raise BadCommand("'toxicity' must be a number, 0 to 1")
        if kind == DOWN and share != 1:
            raise BadCommand("'toxicity' of down must be 1: it is on the route, not on connections")
        wanted = KINDS[kind]
        if unknown := sorted(set(attributes) - set(wanted)):
            known = ", ".join(wanted) or "none"
            raise BadCommand(f"{kind} has no attribute '{unknown[0]}'; known: {known}")
        given = {
            name: _value(kind, name, kinds, attributes.get(name, kinds.default))
            for name, kinds in wanted.items()
        }
        if kind == "slicer" and float(given["size_variation"]) >= float(given["average_size"]):
            raise BadCommand("'size_variation' of slicer must be less than 'average_size'")
        if kind == HTTP_TAMPER and stream == "upstream" and not given["header"]:
            raise BadCommand(
                "http_tamper of the upstream takes a 'header': requests keep their body"
            )
        return cls(kind, cast("Stream", stream), float(share), given)

    def need_http(self, *, http: bool) -> None:
        """Raise BadCommand where the route carries no HTTP that this toxic could read."""
        if self.type in {HTTP_ERROR, HTTP_TAMPER} and not http:
            raise BadCommand(
                f"{self.type} needs HTTP, and this route carries none that is readable"
            )

    def amount(self, name: str) -> float:
        """Return a number among the attributes."""
        return float(self.attributes[name])

    def name(self, name: str) -> str:
        """Return a text among the attributes."""
        return str(self.attributes[name])

    def view(self) -> dict[str, object]:
        """Return it as Toxiproxy shows one."""
        return {
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
            "attributes": dict(self.attributes),
        }


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _value(kind: str, name: str, wanted: Amount | Name, value: object) -> Scalar:
    if isinstance(wanted, Name):
        if isinstance(value, str):
            return value
        raise BadCommand(f"'{name}' of {kind} must be a text")
    if _is_number(value) and wanted.least <= cast("float", value) <= wanted.most:
        return cast("float", value)
    span = (
        f"{wanted.least:g} or more"
        if wanted.most == 1e9
        else f"{wanted.least:g} to {wanted.most:g}"
    )
    raise BadCommand(f"'{name}' of {kind} must be a number, {span}")
