"""Explore and the dashboards as a widget of their own, for a cell of a notebook."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from obstack_lab.errors import UnknownName, UsageError
from obstack_lab.lab.front import Asked
from obstack_lab.panels import assets, board, observer, overview
from obstack_lab.panels.command import Commands
from obstack_lab.panels.message import messages
from obstack_lab.panels.observer import observer_of
from obstack_lab.panels.view import Block
from obstack_lab.panels.worker import Worker
from obstack_lab.scenario.model import parse_duration

if TYPE_CHECKING:
    from obstack_lab.lab import Lab

SIGNALS = ("metrics", "logs", "traces")
HEIGHT = 600
_TRACE_ID = re.compile(r"[0-9a-fA-F]{32}")


class ExploreWidget(anywidget.AnyWidget):
    """Says what to show; everything else is asked for."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    page = traitlets.Dict().tag(sync=True)

    @traitlets.default("_esm")
    def _script(self) -> str:
        return assets.script("explore")

    @traitlets.default("_css")
    def _style(self) -> str:
        return assets.style()


class Explore:
    """Metrics, logs and traces, or the dashboards, of one lab. Displays itself in a notebook."""

    def __init__(self, lab: Lab, page: Block) -> None:
        self._lab = lab
        self.widget = ExploreWidget(page={**page, **observer.page()})
        self._observer = observer_of(lab)
        self._asking = Worker("obstack-explore-ask")
        self.widget.on_msg(self.hear)

    def __repr__(self) -> str:
        return f"Explore({self._lab!r})"

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    def close(self) -> None:
        """Stop answering; what is displayed stays as it is."""
        self.widget.on_msg(self.hear, remove=True)
        self._asking.close()

    def hear(self, _: object, message: Any, __: object = None) -> None:
        """Take a message of the browser. Returns at once, on any thread."""
        for each in messages(message):
            if each["verb"] in observer.VERBS:
                self._observer.hear(each["verb"], each, self.widget.send)
            elif each["verb"] == "query":
                self._asking.put(partial(self._query, each))

    def _query(self, message: dict[str, Any]) -> None:
        """Answer the plain tables that stand where the bundle cannot be loaded."""
        reply = Commands(self._lab).answer("query", message["params"])
        self.widget.send({"id": message.get("id"), **reply})


def open_explore(lab: Lab, asked: Asked) -> Explore:
    """Return Explore or a dashboard, ready to be displayed.

    Raises UnknownName for another signal or dashboard, UsageError for a time that is none.
    """
    queries = overview.presets().queries
    if asked.signal == "dashboards":
        wanted: Block = {"dashboard": board.known(asked.query)} if asked.query else {}
        page = {"kind": "dashboards", "asked": wanted}
    else:
        page = {"kind": "explore", "asked": _asked(asked)}
    return Explore(lab, {**page, "height": HEIGHT, "queries": queries})


def _asked(asked: Asked) -> Block:
    if asked.signal not in SIGNALS:
        raise UnknownName("signal", asked.signal, SIGNALS)
    found: Block = {"signal": asked.signal}
    if asked.signal == "traces" and _TRACE_ID.fullmatch(asked.query):
        found["trace"] = asked.query
    elif asked.query:
        found["query"] = asked.query
    if not isinstance(asked.last, str):
        start, end = asked.last
        return {**found, "from": start, "to": end}
    try:
        parse_duration(asked.last)
    except ValueError as error:
        raise UsageError(f"last={asked.last!r} is not {error}.") from None
    return {**found, "last": asked.last}
