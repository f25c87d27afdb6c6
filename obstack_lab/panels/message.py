"""What the browser sends: a beat, one ask, or several that were asked at once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def messages(sent: object) -> Iterator[dict[str, Any]]:
    """Yield what is in a message of the browser, each with `verb` and `params`."""
    if not isinstance(sent, dict):
        return
    asks = sent.get("asks")
    for each in asks if isinstance(asks, list) else [sent]:
        if isinstance(each, dict):
            params = each.get("params")
            yield {
                **each,
                "verb": str(each.get("verb")),
                "params": params if isinstance(params, dict) else {},
            }
