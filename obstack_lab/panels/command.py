"""What a press at the desk does: one method a verb, each answers with plain data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast

from obstack_lab.errors import LabError, QueryError, UsageError
from obstack_lab.lab import Lab, Sheet
from obstack_lab.lab.fix import told
from obstack_lab.lab.session import Severity, Window
from obstack_lab.orchestrator.views import WriteUp
from obstack_lab.panels import answer, waterfall
from obstack_lab.panels.view import Block

Params = Mapping[str, Any]
QUESTIONS = frozenset({"query", "sql", "logs", "traces", "trace", "hintprice"})
"""Verbs that only ask: they need not wait for an action that takes seconds."""
MOST_LINES = 200
MOST_TRACES = 30


class Commands:
    """Carries out what the desk sends. An error becomes an answer; nothing is raised."""

    def __init__(self, lab: Lab) -> None:
        self._lab = lab
        self._verbs: dict[str, Callable[[Params], Block]] = {
            "start": self._start,
            "declare": self._declare,
            "finish": self._finish,
            "acknowledge": self._acknowledge,
            "note": self._note,
            "hint": self._hint,
            "hintprice": self._hint_price,
            "act": self._act,
            "writeup": self._writeup,
            "query": self._query,
            "sql": self._sql,
            "logs": self._logs,
            "traces": self._traces,
            "trace": self._trace,
        }

    def answer(self, verb: str, params: Params) -> Block:
        """Return `{"ok": True, "data": …}`, or `{"ok": False, "error": …, "caret": …}`."""
        try:
            return {"ok": True, "data": self._find(verb)(params)}
        except QueryError as error:
            return {"ok": False, "error": str(error), "caret": error.caret()}
        except LabError as error:
            return {"ok": False, "error": str(error)}

    def _find(self, verb: str) -> Callable[[Params], Block]:
        if verb not in self._verbs:
            raise UsageError(f"The desk knows no '{verb}'. Reload the page.")
        return self._verbs[verb]

    # the run

    def _start(self, _: Params) -> Block:
        self._lab.client.start()
        return {}

    def _declare(self, params: Params) -> Block:
        self._lab.client.declare(cast("Severity", str(params.get("severity"))))
        return {}

    def _finish(self, _: Params) -> Block:
        self._lab.client.finish()
        return {}

    def _acknowledge(self, params: Params) -> Block:
        self._lab.client.acknowledge(str(params.get("alert")))
        return {}

    def _note(self, params: Params) -> Block:
        self._lab.client.note(str(params.get("text")))
        return {}

    def _hint(self, _: Params) -> Block:
        return {"text": self._lab.client.next_hint().text or ""}

    def _hint_price(self, _: Params) -> Block:
        prices = [hint.cost for hint in self._lab.client.hints() if hint.text is None]
        if not prices:
            raise UsageError("No hint is for sale now. Others come with time.")
        return {"cost": prices[0]}

    def _act(self, params: Params) -> Block:
        result = self._lab.client.act(str(params.get("action")), **dict(params.get("params") or {}))
        if not result.ok:
            raise LabError(told(result))
        return {"text": told(result)}

    def _writeup(self, params: Params) -> Block:
        self._lab.client.write_up(WriteUp.model_validate(dict(params)))
        return {}

    # questions

    def _query(self, params: Params) -> Block:
        query, last = str(params.get("query", "")).strip(), str(params.get("last") or "15m")
        if not query:
            raise UsageError("There is no query. Write one, or press an example.")
        match params.get("language"):
            case "promql":
                return answer.series(self._lab.promql(query, last=last))
            case "logql":
                found = self._lab.logql(query, last=last)
                return answer.series(found) if "value" in found else answer.frame(found[::-1])
            case _:
                found = self._lab.traceql(query, last=last)
                return answer.series(found) if "value" in found else answer.frame(found)

    def _sql(self, params: Params) -> Block:
        reply = self._lab.client.sql(str(params.get("query", "")), limit=answer.MOST_ROWS)
        if not reply.rows:
            return answer.empty("No rows.")
        return answer.table(reply.columns, reply.rows, total=len(reply.rows))

    def _logs(self, params: Params) -> Block:
        query = log_query(params)
        return answer.lines(self._lab.logql(query, last=_range(params), limit=MOST_LINES), query)

    def _traces(self, params: Params) -> Block:
        query = trace_query(params)
        found = self._lab.traceql(query, last=_range(params), limit=MOST_TRACES)
        return answer.traces(found, query)

    def _trace(self, params: Params) -> Block:
        found = self._lab.trace(str(params.get("trace", "")))
        if isinstance(found, Sheet):
            return answer.empty(found.title)
        return waterfall.view(found)


def _range(params: Params) -> str | Window:
    if params.get("from") and params.get("to"):
        return float(params["from"]), float(params["to"])
    return "15m"


def _quoted(text: str) -> str:
    """Return text as a string literal of LogQL and TraceQL."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def log_query(params: Params) -> str:
    """Return the LogQL behind the log table's choices."""
    service, level, word = (str(params.get(key) or "") for key in ("service", "level", "word"))
    query = f"{{service_name={_quoted(service)}}}" if service else '{service_name=~".+"}'
    if word:
        query += f" |= {_quoted(word)}"
    if level == "error":
        query += ' | json | level=~"error|critical"'
    elif level:
        query += ' | json | level=~"warning|error|critical"'
    return query


def trace_query(params: Params) -> str:
    """Return the TraceQL behind the choices of the Traces tab."""
    service, slower, status = (
        str(params.get(key) or "") for key in ("service", "slower", "status")
    )
    parts = []
    if service:
        parts.append(f"resource.service.name = {_quoted(service)}")
    if slower:
        parts.append(f"duration > {slower}")
    if status:
        parts.append(f"status = {status}")
    return f"{{ {' && '.join(parts)} }}" if parts else "{ }"
