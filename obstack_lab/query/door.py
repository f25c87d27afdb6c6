"""One door to a telemetry backend: every request has a deadline, every failure is one of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from obstack_lab.errors import EngineError, LabDown, QueryError, Timeout, UsageError
from obstack_lab.query.position import locate

if TYPE_CHECKING:
    import httpx

SECONDS = 20.0
"""How long an answer may take."""
_QUERY_IS_WRONG = {400, 422}
_LONGEST = 500
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class Absent(UsageError):
    """The backend has nothing under this address."""


class Door:
    """An HTTP client of one backend, behind the orchestrator's proxy.

    `language` is what its queries are written in; errors carry it together with the query.
    """

    def __init__(
        self,
        language: str,
        base_url: str,
        headers: Mapping[str, str],
        *,
        transport: httpx.BaseTransport | None = None,
        timeout: float = SECONDS,
    ) -> None:
        import httpx

        self.language = language
        self.url = base_url.rstrip("/")
        self.timeout = timeout
        self._client = httpx.Client(
            headers=dict(headers), timeout=timeout, transport=transport, trust_env=False
        )

    def __repr__(self) -> str:
        return f"<{self.language} at {self.url}>"

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    def get(self, path: str, *, query: str, params: Mapping[str, str | int | float]) -> Any:
        """Return the decoded JSON answer; raise QueryError where the query is at fault."""
        response = self.send(f"{self.url}{path}", query=query, params=params)
        try:
            return response.json()
        except ValueError as error:
            raise _garbled(response.content, self.url) from error

    def send(
        self,
        url: str,
        *,
        query: str,
        params: Mapping[str, str | int | float] | None = None,
        form: bytes | None = None,
    ) -> httpx.Response:
        """Return a good answer, or raise what went wrong; an encoded form is posted."""
        import httpx

        try:
            if form is None:
                response = self._client.get(url, params=params)
            else:
                response = self._client.post(url, content=form, headers=FORM)
        except httpx.TimeoutException as error:
            raise too_late(self.timeout) from error
        except httpx.TransportError as error:
            raise nobody(self.url) from error
        if not response.is_success:
            where = response.url.path
            raise failure(response.status_code, response.text, where, self.language, query)
        need_json(response.content, self.url)
        return response


def need_json(body: bytes, url: str) -> None:
    """Raise EngineError where a good answer is no JSON object."""
    if not body.lstrip().startswith(b"{"):
        raise _garbled(body, url)


def failure(status: int, text: str, path: str, language: str, query: str) -> Exception:
    """Return what went wrong where a backend answers a query in this language with an error."""
    message = _message(text)
    if status in _QUERY_IS_WRONG:
        said, line, column = locate(language, query, message)
        return QueryError(said, language=language, query=query, line=line, column=column)
    if status in {401, 403}:
        return UsageError(
            f"The lab refused the query ({status}): {message}. Attach again with open_lab()."
        )
    if status == 404:
        return Absent(f"Nothing there: {message or path}")
    if status == 504:
        return Timeout(f"The query took too long: {message}. Ask for a shorter time range.")
    return EngineError(f"The {language} backend answered {status}: {message}")


def too_late(seconds: float) -> Timeout:
    """Return what is raised where no answer came in time."""
    return Timeout(f"No answer to the query within {seconds:g} s. Ask for a shorter time range.")


def nobody(url: str) -> LabDown:
    """Return what is raised where nobody answers."""
    return LabDown(f"The lab does not answer at {url}. Look with `./lab status`.")


def _garbled(body: bytes, url: str) -> EngineError:
    start = shorten(body[:80].decode("utf-8", "replace"))
    return EngineError(f"{url} answered something that is not JSON: {start}")


def shorten(text: str) -> str:
    """Return the text on one line, cut where it is long."""
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _message(text: str) -> str:
    """Return what a backend says went wrong: Prometheus and the proxy in JSON, others in text."""
    try:
        body = json.loads(text)
    except ValueError:
        return shorten(text)
    if isinstance(body, dict):
        said = body.get("error") or body.get("detail") or body.get("message")
        return shorten(said if isinstance(said, str) else text)
    return shorten(text)
