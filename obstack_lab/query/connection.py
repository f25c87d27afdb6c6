"""prometheus-api-client over our own door.

The client speaks through a `requests` session. Its defaults wait for ever and ask three times;
here each of its requests goes through the door, so that deadlines, errors and test transports are
the same for all three languages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import requests
from prometheus_api_client import PrometheusConnect
from requests.adapters import BaseAdapter

if TYPE_CHECKING:
    from obstack_lab.query.door import Door


def connect(door: Door) -> PrometheusConnect:
    """Return a PrometheusConnect whose requests go through the door."""
    session = requests.Session()
    session.trust_env = False
    connection = PrometheusConnect(door.url, session=session, timeout=door.timeout)
    session.mount(door.url, _Adapter(door))
    return connection


class _Adapter(BaseAdapter):
    """Sends what `requests` prepared through a door."""

    def __init__(self, door: Door) -> None:
        super().__init__()
        self._door = door

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        url = request.url or self._door.url
        query = parse_qs(urlsplit(url).query).get("query", [""])[0]
        answer = self._door.send(url, query=query)
        response = requests.Response()
        response.status_code = answer.status_code
        response._content = answer.content  # noqa: SLF001 - what a custom adapter has to fill in
        response.url, response.request = url, request
        return response

    def close(self) -> None:
        """Leave the connections to the door, which opened them."""
