"""The desk as a widget: one anywidget, one refresher, two workers, whoever many displays it has."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import anywidget
import traitlets
from IPython import get_ipython
from IPython.display import display

from obstack_lab.errors import LabError
from obstack_lab.orchestrator.client import Client
from obstack_lab.orchestrator.views import Snapshot
from obstack_lab.panels import assets, observer, overview, story, view
from obstack_lab.panels.command import QUESTIONS, Commands
from obstack_lab.panels.message import messages
from obstack_lab.panels.observer import observer_of
from obstack_lab.panels.prose import prose
from obstack_lab.panels.refresher import Presence, Refresher
from obstack_lab.panels.view import Block
from obstack_lab.panels.worker import Worker
from obstack_lab.review.journal import WATCHER

if TYPE_CHECKING:
    from obstack_lab.lab import Lab

Mode = Literal["notebook", "page"]
CHARTS_EVERY = 2.0
"""Seconds between two looks of the overview at Prometheus."""


def _block() -> Any:
    return traitlets.Dict().tag(sync=True)


class DeskWidget(anywidget.AnyWidget):
    """Blocks of plain data go to the browser; presses come back as messages."""

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    page = _block()
    link = _block()
    header = _block()
    users = _block()
    tiles = _block()
    criteria = _block()
    alerts = _block()
    feed = _block()
    changes = _block()
    act = _block()
    writeup = _block()
    charts = _block()
    review = _block()

    @traitlets.default("_esm")
    def _script(self) -> str:
        return assets.script()

    @traitlets.default("_css")
    def _style(self) -> str:
        return assets.style()

    def put(self, blocks: dict[str, Block]) -> None:
        """Show these blocks; what has not changed is not sent again."""
        with self.hold_sync():
            for name, block in blocks.items():
                setattr(self, name, block)


class Desk:
    """The desk of one lab. It may be displayed any number of times; all show the same."""

    def __init__(
        self,
        lab: Lab,
        *,
        mode: Mode = "notebook",
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.lab = lab
        self.presence = Presence(clock)
        self.widget = DeskWidget(page=_page(lab, mode), link=view.link(connected=True))
        self._mode = mode
        self._clock = clock
        self._commands = Commands(lab)
        self._observer = observer_of(lab)
        self._asking = Worker("obstack-desk-ask")
        self._acting = Worker("obstack-desk-act")
        self._refresher = Refresher(self, self.presence, self.publish, self.lost)
        self._watcher: Client | None = None
        self._charted = -CHARTS_EVERY
        self._reviewed = ""
        self._opened = lab.scenario
        self.widget.on_msg(self.hear)
        self._listen(on=True)

    def __repr__(self) -> str:
        return f"Desk({self.lab!r})"

    def show(self) -> None:
        """Display the desk here, and keep it up to date from now on."""
        self.presence.beat()
        display(self.widget)  # type: ignore[no-untyped-call]  # IPython has no types for it
        self._refresher.start()

    def close(self) -> None:
        """Stop refreshing; what is displayed stays as it is."""
        self._refresher.close()
        self._asking.close()
        self._acting.close()
        self._listen(on=False)

    def take(self, lab: Lab) -> None:
        """Show another opening of the same lab: a later run, or another scenario."""
        self.lab = lab
        self._commands = Commands(lab)
        self._observer.follow(lab)
        self._opened = lab.scenario
        self._reviewed = ""
        self.widget.put({"page": _page(lab, self._mode), "review": {}})

    # what the refresher calls

    def events(self) -> Iterator[Snapshot]:
        """Yield snapshots; raise LabError when the line breaks."""
        return self.lab.client.events(reconnect=False)

    def reattach(self) -> bool:
        """Look for the orchestrator again."""
        return self.lab.reattach()

    def publish(self, snapshot: Snapshot) -> None:
        """Show a snapshot, every other second the charts, and after the end the review."""
        blocks = view.view(snapshot)
        blocks["link"] = view.link(connected=True)
        if self._clock() - self._charted >= CHARTS_EVERY:
            self._charted = self._clock()
            blocks["charts"] = self._charts(snapshot)
        if snapshot.run and snapshot.run.phase == "ended":
            if self._reviewed != snapshot.run.id:
                blocks["review"] = self._review(snapshot.run.id)
        elif self._reviewed:
            self._reviewed = ""
            blocks["review"] = {}
        self.widget.put(blocks)

    def lost(self, reason: str) -> None:
        """Say that the line is broken; all else stays as it was seen last."""
        self.widget.put({"link": view.link(connected=False, reason=reason)})

    def _charts(self, snapshot: Snapshot) -> Block:
        now = snapshot.status.now
        services = tuple(form.service for form in snapshot.actions)
        try:
            answers = overview.ask(self._watching(), now)
        except LabError as error:
            return {**self.widget.charts, "note": f"The charts stand still: {error}"}
        return overview.view(answers, overview.marks(snapshot), now, tuple(dict.fromkeys(services)))

    def _watching(self) -> Client:
        state = self.lab.client.state
        if self._watcher is None or self._watcher.state != state:
            self._watcher = Client(state, name=WATCHER)
        return self._watcher

    def _review(self, run: str) -> Block:
        from obstack_lab.review import Review

        try:
            block = story.review(Review.model_validate(self.lab.client.review(run)))
        except LabError as error:
            return {"parts": [], "note": f"The review is not there yet: {error}"}
        self._reviewed = run
        return block

    # what the browser sends

    def hear(self, _: object, message: Any, __: object = None) -> None:
        """Take a message: a beat, or commands for a worker. Returns at once, on any thread."""
        for each in messages(message):
            self.presence.beat()
            verb = each["verb"]
            if verb in observer.VERBS:
                self._observer.hear(verb, each, self.widget.send)
            elif verb != "here":
                worker = self._asking if verb in QUESTIONS else self._acting
                worker.put(partial(self._answer, each))

    def _answer(self, message: dict[str, Any]) -> None:
        reply = self._commands.answer(message["verb"], message["params"])
        self.widget.send({"id": message.get("id"), **reply})

    def _listen(self, *, on: bool) -> None:
        """Follow the shell: while a cell runs, beats cannot arrive."""
        shell = get_ipython()
        if shell is None:
            return
        change = shell.events.register if on else shell.events.unregister
        change("pre_run_cell", self.presence.busy)
        change("post_run_cell", self.presence.idle)


_desks: dict[str, Desk] = {}
"""Desks of this kernel by the lab's directory: built once, shown again and again."""


def open_desk(lab: Lab, *, mode: Mode = "notebook") -> Desk:
    """Return the kernel's desk of this lab; the same one for every opening of it."""
    key = f"{lab.home.path}:{mode}"
    desk = _desks.get(key)
    if desk is None:
        desk = _desks[key] = Desk(lab, mode=mode)
    elif desk.lab is not lab:
        desk.take(lab)
    return desk


def _page(lab: Lab, mode: Mode) -> Block:
    """Return what does not change during a run: the briefing, and what the tabs offer."""
    presets = overview.presets()
    scenario = lab.briefing() if lab.scenario else None
    return {
        "mode": mode,
        "briefing": prose(scenario.briefing) if scenario else [],
        "services": [[name, name] for name in scenario.services] if scenario else [],
        "queries": presets.queries,
        "sql": presets.sql,
        **observer.page(),
    }
