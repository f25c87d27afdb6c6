"""What Explore's browser side may ask the lab's telemetry: reading, through the journalling proxy.

The browser reaches no port of ours. It sends a request by the widget's own line; here it is
compared with the list of what may be asked, sent to the orchestrator's proxy, and the answer goes
back the same way. The proxy writes each question into the run's journal.
"""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from typing import Any, Literal, cast
from urllib.parse import parse_qs, urlsplit

from obstack_lab.errors import UsageError
from obstack_lab.orchestrator.client import CLIENT_HEADER, Backend, Client
from obstack_lab.orchestrator.question import allowed
from obstack_lab.query.door import FORM, failure, need_json
from obstack_lab.query.line import Line
from obstack_lab.review.journal import WATCHER

LANGUAGES: Mapping[Backend, str] = {"prometheus": "promql", "loki": "logql", "tempo": "traceql"}
LONGEST = 64 * 1024
"""Characters of a request, path and body: a query is shorter than that."""
Method = Literal["GET", "POST"]


class Gate:
    """Answers one browser request after the other, or several at once; thread-safe.

    `name` says in the journal who asks: `explore`, `dashboard`. What is asked again only because
    time passes is journalled as the desk's refresh is: seldom, and not as a question.
    """

    def __init__(self, client: Callable[[], Client], *, name: str) -> None:
        self._client = client
        self._name = name
        self._lines: dict[str, Line] = {}

    def ask(self, params: Mapping[str, Any]) -> tuple[str, bytes]:
        """Return content type and body of an answer.

        Raises QueryError with the position where the query is at fault, UsageError for what may
        not be asked, another LabError where nothing answers.
        """
        backend, method, path, body = _request(params)
        client = self._client()
        again = params.get("again") is True
        headers = {
            **client.headers,
            CLIENT_HEADER: f"{WATCHER} {self._name}" if again else self._name,
        }
        form = None
        if method == "POST":
            headers |= FORM
            form = body.encode()
        where = f"{urlsplit(client.telemetry_url(backend)).path}/{path}"
        answer = self._line(client.state.url).ask(method, where, headers, form)
        if answer.status >= http.client.BAD_REQUEST:
            text = answer.body.decode("utf-8", "replace")
            raise failure(answer.status, text, where, LANGUAGES[backend], _query(path, body))
        need_json(answer.body, client.telemetry_url(backend))
        return answer.type, answer.body

    def close(self) -> None:
        """Let go of the connections."""
        for line in list(self._lines.values()):
            line.close()
        self._lines.clear()

    def _line(self, url: str) -> Line:
        return self._lines.get(url) or self._lines.setdefault(url, Line(url))


def _request(params: Mapping[str, Any]) -> tuple[Backend, Method, str, str]:
    """Return backend, method, path without its first slash, and body of what may be asked."""
    given = (params.get(name) for name in ("backend", "method", "path", "body"))
    backend, method, path, body = (str(value or "") for value in given)
    if len(path) + len(body) > LONGEST:
        raise UsageError("The query is too long. Ask for less at once.")
    address = urlsplit(path)
    plain = not address.scheme and not address.netloc and ".." not in address.path
    if (
        backend not in LANGUAGES
        or not plain
        or not allowed(cast("Backend", backend), method, address.path.lstrip("/"))
    ):
        raise UsageError(f"Explore may not ask {backend} for {method} {address.path[:80]}.")
    return cast("Backend", backend), cast("Method", method), path.lstrip("/"), body


def _query(path: str, body: str) -> str:
    """Return the text of the query in a request, for the position of its mistakes."""
    asked = parse_qs(body or urlsplit(path).query)
    return next((asked[name][0] for name in ("query", "q") if name in asked), "")
