"""Headless Chromium with a guard: a request that leaves the machine fails the test."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import desk_states
import httpx
import pytest

from obstack_lab.bench.browser import FLAGS, program
from obstack_lab.orchestrator.daemon import launch, shutdown
from obstack_lab.panels import assets
from obstack_lab.settings import HOME_VARIABLE, LabHome

playwright = pytest.importorskip("playwright.sync_api")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
TOKEN = "for-the-browser-tests"
INSIDE = {"127.0.0.1", "localhost"}
SLOW = 90_000
"""Milliseconds for a step, unless a test says otherwise."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """Return a browser; its event loop holds the thread, so it ends with the module."""
    found = program()
    if found is None:
        pytest.skip("needs chromium on PATH")
    with playwright.sync_playwright() as play:
        browser = play.chromium.launch(executable_path=found, args=list(FLAGS))
        yield browser
        browser.close()


class Guard:
    """Keeps what a page asked for outside of the machine, and what went wrong in it."""

    def __init__(self) -> None:
        self.outside: list[str] = []
        self.errors: list[str] = []

    def watch(self, page: Any) -> None:
        page.on("request", self._asked)
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _asked(self, request: Any) -> None:
        place = urlsplit(request.url)
        if place.scheme in {"http", "https", "ws", "wss"} and place.hostname not in INSIDE:
            self.outside.append(request.url)


@pytest.fixture
def open_page(chromium: Any) -> Iterator[Callable[..., Any]]:
    guard, pages = Guard(), []

    def make(width: int = 1440, height: int = 900, **options: Any) -> Any:
        page = chromium.new_page(viewport={"width": width, "height": height}, **options)
        page.set_default_timeout(SLOW)
        guard.watch(page)
        pages.append(page)
        return page

    yield make
    for page in pages:
        page.close()
    assert guard.outside == [], "the page asked outside of the machine"
    assert guard.errors == [], "the page's script failed"


@pytest.fixture
def show(open_page: Callable[..., Any]) -> Callable[..., Any]:
    """Return a page with the desk in a hand-made state, without Jupyter."""

    def make(
        state: str,
        *,
        theme: str = "light",
        mode: str = "page",
        width: int = 1440,
        height: int = 900,
        answers: dict[str, Any] | None = None,
    ) -> Any:
        page = open_page(width, height)
        page.set_content((HERE / "theme.html").read_text(encoding="utf-8"))
        page.evaluate(
            (HERE / "harness.js").read_text(encoding="utf-8"),
            {
                "script": assets.script(),
                "style": assets.style(),
                "blocks": desk_states.blocks(state, mode),
                "answers": answers or {},
                "theme": theme,
            },
        )
        return page

    return make


@pytest.fixture(scope="module")
def lab_home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LabHome]:
    """Return the directory of a real lab that runs while these tests do."""
    home = LabHome(tmp_path_factory.mktemp("lab"))
    try:
        launch(home, engine="embedded")
        yield home
    finally:
        shutdown(home)


@pytest.fixture(scope="module")
def jupyter(lab_home: LabHome, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the base address of a JupyterLab with Voila, on a copy of the notebooks."""
    folder = tmp_path_factory.mktemp("notebooks")
    shutil.copytree(ROOT / "notebooks", folder / "notebooks")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    config = ROOT / "stack" / "jupyter"
    command = [
        *(sys.executable, "-m", "obstack_lab.cli.jupyterlab", "--no-browser", "--allow-root"),
        f"--config={config / 'jupyter_server_config.json'}",
        *(f"--ServerApp.port={port}", "--ServerApp.port_retries=0"),
        f"--ServerApp.root_dir={folder}",
    ]
    environment = os.environ | {
        HOME_VARIABLE: str(lab_home.path),
        "JUPYTER_TOKEN": TOKEN,
        "JUPYTER_PATH": str(config),
        "JUPYTER_CONFIG_PATH": str(config),
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    with (folder / "jupyter.log").open("wb") as log:
        process = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env=environment, cwd=folder
        )
    base = f"http://127.0.0.1:{port}"
    try:
        _await(f"{base}/api/status", folder / "jupyter.log", process)
        yield base
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def _await(url: str, log: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(url, headers={"Authorization": f"token {TOKEN}"}, timeout=2).is_success:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    pytest.fail(f"JupyterLab did not answer: {log.read_text(encoding='utf-8')[-2000:]}")


@pytest.fixture
def kernels(jupyter: str) -> Iterator[None]:
    """End the kernels that a test has started."""
    yield
    with httpx.Client(
        base_url=jupyter, headers={"Authorization": f"token {TOKEN}"}, timeout=60
    ) as http:
        for kernel in json.loads(http.get("/api/kernels").text):
            http.delete(f"/api/kernels/{kernel['id']}")
