"""Where in a query a backend found its mistake, out of the sentence it answers with."""

from __future__ import annotations

import re

_PROMETHEUS = re.compile(r'^(?:invalid parameter "query": )?(\d+):(\d+): ?')
_PROMETHEUS_AT_END = re.compile(r'^invalid parameter "query": ')
_GRAFANA = re.compile(r"(?:invalid TraceQL query: )?parse error at line (\d+), col (\d+): ?")
_NOWHERE = re.compile(r"(?:invalid TraceQL query: )?parse error : ?")


def locate(language: str, query: str, message: str) -> tuple[str, int, int]:
    """Return the message without its position, line and column; both count from 1, 0 if unknown.

    Prometheus counts bytes, Loki and Tempo characters; the answer counts characters.
    """
    if language == "promql":
        found = _PROMETHEUS.match(message)
        text = _PROMETHEUS_AT_END.sub("", message)
    else:
        found = _GRAFANA.search(message)
        text = _NOWHERE.sub("parse error: ", message)
    if not found:
        return text, 0, 0
    text = message[found.end() :] or message
    if language != "promql":
        text = f"{message[: found.start()]}parse error: {text}"
    line, column = int(found[1]), int(found[2])
    lines = query.splitlines() or [""]
    if not 1 <= line <= len(lines) or column < 1:
        return text, 0, 0
    if language == "promql":
        before = lines[line - 1].encode()[: column - 1]
        column = len(before.decode(errors="ignore")) + 1
    return text, line, min(column, len(lines[line - 1]) + 1)
