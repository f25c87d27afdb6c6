"""Holding amounts back and taking them; an authorization proves itself by its signature."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from sut.errors import Conflict, NotFound

MOST = 10_000
SIGNATURE_CHARACTERS = 32
MOST_ROUNDS = 5_000_000


@dataclass(frozen=True, slots=True)
class Authorization:
    """An amount that is held back; its id says all of it and cannot be made up."""

    authorization_id: str
    amount_cents: int


@dataclass(frozen=True, slots=True)
class Capture:
    """An amount that was taken."""

    capture_id: str
    authorization_id: str
    amount_cents: int


class Teller:
    """Signs authorizations, checks signatures, and takes each amount once.

    A signature is PBKDF2 with a settable number of rounds: real work, most of what a call costs.
    """

    def __init__(self, key: bytes, rounds: Callable[[], int]) -> None:
        self._key = key
        self._rounds = rounds
        self._captures: OrderedDict[str, Capture] = OrderedDict()

    async def authorize(self, customer_id: int, amount_cents: int) -> Authorization:
        """Hold an amount back."""
        what = f"{customer_id}.{amount_cents}.{secrets.token_hex(6)}.{self._rounds()}"
        return Authorization(f"auth.{what}.{await self._sign(what)}", amount_cents)

    async def capture(self, authorization_id: str, amount_cents: int) -> Capture:
        """Take what was held back, or a part of it.

        Raise NotFound without such an authorization, Conflict where it holds less or was used.
        """
        held = await self._verify(authorization_id)
        if amount_cents > held:
            raise Conflict(f"The authorization holds {held} cents.")
        if authorization_id in self._captures:
            raise Conflict("The authorization was captured already.")
        taken = Capture(f"capt.{secrets.token_hex(8)}", authorization_id, amount_cents)
        self._captures[authorization_id] = taken
        while len(self._captures) > MOST:
            self._captures.popitem(last=False)
        return taken

    async def _verify(self, authorization_id: str) -> int:
        prefix, _, rest = authorization_id.partition(".")
        what, _, signature = rest.rpartition(".")
        parts = what.split(".")
        numbers = (*parts[:2], *parts[3:])
        if (
            prefix == "auth"
            and len(parts) == 4
            and all(number.isascii() and number.isdecimal() for number in numbers)
            and 0 < int(parts[3]) <= MOST_ROUNDS
            and hmac.compare_digest((await self._sign(what)).encode(), signature.encode())
        ):
            return int(parts[1])
        raise NotFound("There is no such authorization.")

    async def _sign(self, what: str) -> str:
        rounds = int(what.rpartition(".")[2])
        made = await asyncio.to_thread(
            hashlib.pbkdf2_hmac, "sha256", what.encode(), self._key, rounds
        )
        return made.hex()[:SIGNATURE_CHARACTERS]
