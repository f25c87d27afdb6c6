"""One request as a user would send it, with a trace of its own to be found by."""

from __future__ import annotations

import secrets
import time
from dataclasses import dataclass
from random import Random

import httpx

from obstack_lab.errors import EngineError, UnknownName
from obstack_lab.load.step import STEPS, Request, Step, choose
from obstack_lab.orchestrator.views import TracedView

_PATIENCE = 10.0
_USERS = 10_000


@dataclass(frozen=True)
class UserRequest:
    """A kind of request, known by its step's name or by method and route."""

    step: Step

    @classmethod
    def named(cls, text: str) -> UserRequest:
        """Return the request for `place-order` or `POST /orders`; raise UnknownName."""
        wanted = " ".join(text.split())
        known = {name: step for step in STEPS.values() for name in (step.name, _line(step))}
        if wanted not in known:
            raise UnknownName("request", text, tuple(_line(step) for step in STEPS.values()))
        return cls(known[wanted])

    def send(
        self,
        gateway: str,
        random: Random | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> TracedView:
        """Send it, after the one whose answer it needs; raise EngineError without an answer."""
        chance = random or Random()  # noqa: S311 - which product, not a secret
        choice = choose(chance, chance.randint(1, _USERS))
        with httpx.Client(
            base_url=gateway, timeout=_PATIENCE, transport=transport, trust_env=False
        ) as http:
            needed = ""
            if self.step.needs:
                before = STEPS[self.step.needs]
                first = before.build(choice, "")
                good, needed = before.judge(_ask(http, first, "").content, choice, "")
                if not good:
                    raise EngineError(
                        f"{_line(self.step)} needs {_line(before)}, which was not answered well.",
                        component="gateway",
                    )
            trace = secrets.token_hex(16)
            began = time.monotonic()
            answer = _ask(http, self.step.build(choice, needed), trace)
        return TracedView(
            request=f"{answer.request.method} {answer.request.url.raw_path.decode()}",
            status=answer.status_code,
            seconds=round(time.monotonic() - began, 4),
            trace_id=trace,
        )


def _ask(http: httpx.Client, request: Request, trace: str) -> httpx.Response:
    headers = {"content-type": "application/json"} if request.body is not None else {}
    if trace:
        headers["traceparent"] = f"00-{trace}-{secrets.token_hex(8)}-01"
    try:
        return http.request(request.method, request.path, content=request.body, headers=headers)
    except httpx.HTTPError as error:
        raise EngineError(
            f"The gateway gave no answer to {request.method} {request.path}: "
            f"{str(error) or type(error).__name__}. Look at `./lab status`.",
            component="gateway",
        ) from error


def _line(step: Step) -> str:
    return f"{step.method} {step.route}"
