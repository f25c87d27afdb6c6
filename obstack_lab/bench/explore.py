"""The dashboards in a real browser: how soon a chart is seen, what it costs to leave it open."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

import httpx

from obstack_lab.bench import consumption, terminal
from obstack_lab.bench.browser import Browser, Page, browser, lacking
from obstack_lab.bench.budget import BUDGETS
from obstack_lab.bench.consumption import Consumption
from obstack_lab.bench.figure import Figure, figure
from obstack_lab.bench.setting import Measured, Setting
from obstack_lab.bench.stage import Stage, remove, sandbox
from obstack_lab.errors import EngineError
from obstack_lab.orchestrator.client import Client
from obstack_lab.settings import LabHome
from obstack_lab.state import read_state

CELLS = ("%load_ext obstack_lab\nlab = open_lab(show=False)", 'lab.dashboards("overview")')
CANVAS = ".ob-board canvas"
REFRESH = 5
"""Seconds between two refreshes of a dashboard."""
_RATE = 20
_REPLY = 60.0


def measure(setting: Setting) -> Measured:
    """Open the dashboards in JupyterLab and by Voila, then leave them open for half an hour."""
    if reason := lacking():
        return Measured({}, (f"skipped: {reason}",))
    home = LabHome(setting.folder / "lab")
    try:
        setting.tell("starting a lab with JupyterLab")
        address = str(terminal.call(home, "up", "--no-browser")["notebook"])
        server = int(terminal.call(home, "status")["jupyter"]["pid"])
        state = read_state(home)
        if state is None:
            raise EngineError("The lab has no state file although it is up.")
        with Client(state, name="bench") as client, _document(address) as place:
            on = Stage(home, state, client)
            with sandbox(on), browser() as chromium:
                client.load(rate=_RATE, pattern="steady")
                setting.tell("users come")
                time.sleep(setting.many(60, 10))
                return Measured(_figures(chromium, place, server, setting))
    finally:
        setting.tell("ending the lab")
        terminal.call(home, "down")
        remove(home)


class Place:
    """A notebook of two cells on the server, and how it is opened."""

    def __init__(self, http: httpx.Client, token: str, name: str) -> None:
        self._http = http
        self.notebook = f"{http.base_url}lab/tree/{name}?reset&token={token}"
        self.voila = f"{http.base_url}voila/render/{name}?token={token}"

    def end_kernels(self) -> None:
        """End every kernel, so that the next one is alone."""
        for kernel in self._http.get("/api/kernels").raise_for_status().json():
            self._http.delete(f"/api/kernels/{kernel['id']}")


@contextmanager
def _document(address: str) -> Iterator[Place]:
    """Put the notebook beside those of the lab; take it away afterwards."""
    parts = urlsplit(address)
    token = parse_qs(parts.query)["token"][0]
    name = f"bench-{time.time_ns():x}.ipynb"
    headers = {"Authorization": f"token {token}"}
    with httpx.Client(
        base_url=f"http://{parts.netloc}/", headers=headers, timeout=_REPLY, trust_env=False
    ) as http:
        path = f"/api/contents/{name}"
        http.put(path, json={"type": "notebook", "content": notebook(CELLS)}).raise_for_status()
        try:
            yield Place(http, token, name)
        finally:
            http.delete(path)


def notebook(cells: Iterable[str]) -> Mapping[str, object]:
    """Return a notebook of these cells, as the contents API takes it."""
    return {
        "cells": [
            {
                "cell_type": "code",
                "id": f"cell-{number}",
                "execution_count": None,
                "metadata": {},
                "outputs": [],
                "source": source,
            }
            for number, source in enumerate(cells)
        ],
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


def _figures(chromium: Browser, place: Place, server: int, setting: Setting) -> dict[str, Figure]:
    voila = [_in_voila(chromium, place, setting, turn) for turn in range(setting.many(5, 1))]
    lab = []
    for turn in range(setting.many(5, 1) - 1):
        with chromium.page() as page:
            lab.append(_in_jupyterlab(page, place, setting, turn))
        place.end_kernels()
    with chromium.page() as page:
        lab.append(_in_jupyterlab(page, place, setting, len(lab)))
        open_for = _left_open(page, server, setting)
    return {
        "explore_canvas": figure(
            "the overview in JupyterLab, from running its cell to the first chart",
            lab,
            "s",
            budget=BUDGETS["explore_canvas"],
        ),
        "explore_canvas_voila": figure(
            "the overview by Voila, from asking for the page to the first chart",
            voila,
            "s",
            budget=BUDGETS["explore_canvas_voila"],
        ),
        **open_for,
    }


def _in_voila(chromium: Browser, place: Place, setting: Setting, turn: int) -> float:
    setting.tell(f"Voila, {turn + 1}")
    with chromium.page() as page:
        began = time.monotonic()
        page.open(place.voila)
        page.await_seen(CANVAS)
        seconds = time.monotonic() - began
    place.end_kernels()
    return seconds


def _in_jupyterlab(page: Page, place: Place, setting: Setting, turn: int) -> float:
    setting.tell(f"JupyterLab, {turn + 1}")
    page.open(place.notebook)
    page.await_idle_kernel()
    page.run_cell()
    page.await_done()
    began = time.monotonic()
    page.run_cell()
    page.await_seen(CANVAS)
    return time.monotonic() - began


def _left_open(page: Page, server: int, setting: Setting) -> dict[str, Figure]:
    """Let the page be for half an hour; count what the kernel spends, and what grows."""
    setting.tell("letting the first refreshes pass")
    time.sleep(setting.many(60, 10))
    minutes = setting.many(30, 1)
    heap, first, began = page.heap(), _kernel(server), time.monotonic()
    for minute in range(minutes):
        setting.tell(f"left open, minute {minute + 1} of {minutes}")
        time.sleep(60)
    last, seconds = _kernel(server), time.monotonic() - began
    spent = last.cpu["kernel"] - first.cpu["kernel"]
    title = f"in {minutes} min open with a refresh every {REFRESH} s"
    return {
        "explore_refresh": figure(
            f"processor time of the kernel a refresh, {title}",
            [spent * 1000 / (seconds / REFRESH)],
            "ms",
            n=round(seconds / REFRESH),
            budget=BUDGETS["explore_refresh"],
        ),
        "explore_growth_kernel": figure(
            f"what the kernel has grown {title}, PSS",
            [last.memory["kernel"] - first.memory["kernel"]],
            "MB",
            budget=BUDGETS["explore_growth_kernel"],
        ),
        "explore_growth_browser": figure(
            f"what the page's scripts have grown {title}",
            [(page.heap() - heap) / consumption.MEGABYTE],
            "MB",
            budget=BUDGETS["explore_growth_browser"],
        ),
    }


def _kernel(server: int) -> Consumption:
    found = consumption.of_tree(server, "jupyterlab")
    if "kernel" not in found.memory:
        raise EngineError("The notebook's kernel is gone.", component="jupyter")
    return found
