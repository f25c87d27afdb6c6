"""Explore on a real lab, in JupyterLab and on the Voila page: live data, and what is journalled.

The lab has its own store, and, where their programs are on PATH, a real Loki and a real Tempo.
"""

from __future__ import annotations

import gzip
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from obstack_lab.bench.explore import notebook
from obstack_lab.engine.embedded.programs import need_native_stores
from obstack_lab.errors import UsageError
from obstack_lab.lab import open_lab
from obstack_lab.orchestrator.daemon import launch, shutdown
from obstack_lab.panels.bundle import digest, packed
from obstack_lab.settings import LabHome

pytestmark = [pytest.mark.integration, pytest.mark.timeout(600)]

TOKEN = "for-the-browser-tests"
SLOW = 120_000
NAME = "explore.ipynb"
CELLS = (
    "%load_ext obstack_lab\nlab = open_lab(show=False)",
    'lab.explore("metrics", last="5m")',
    'lab.explore("logs", last="5m")',
)


@pytest.fixture(scope="module", params=["built-in", "native"])
def lab_home(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[LabHome]:
    """Return the directory of a lab that runs while these tests do, for each kind of stores."""
    home = LabHome(tmp_path_factory.mktemp("lab"))
    home.create()
    if request.param == "native":
        try:
            need_native_stores(home)
        except UsageError as missing:
            pytest.skip(str(missing))
    try:
        launch(home, engine="embedded", backends=request.param, timeout=300)
        yield home
    finally:
        shutdown(home)


@pytest.fixture
def played(lab_home: LabHome) -> Iterator[Any]:
    """Return a lab with a run whose users have come for a while; end the run afterwards."""
    with open_lab("checkout-stalls", home=lab_home.path, show=False) as lab:
        deadline = time.monotonic() + 120
        while lab.client.impact().requests < 20:
            assert time.monotonic() < deadline, "no user came"
            time.sleep(0.5)
        yield lab
        lab.finish()


def run_all(page: Any) -> None:
    page.get_by_text("| Idle").wait_for(timeout=SLOW)
    page.locator(".jp-Notebook .jp-CodeCell .cm-content").first.click()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()


def loaded_early(page: Any) -> bool:
    """Return whether what widgets use is what the page loaded before they needed it."""
    same = "async (hash) => (await obstackLabEarly[hash]) === (await obstackLabBundles.get(hash))"
    return bool(page.evaluate(same, digest()))


def saved(address: str, headers: dict[str, str]) -> list[dict[str, Any]]:
    """Return the cells of a notebook as the server has it."""
    answer = httpx.get(address, headers=headers, timeout=60).raise_for_status().json()
    cells: list[dict[str, Any]] = answer["content"]["cells"]
    return cells


def asked_by(lab: Any, client: str) -> set[str]:
    entries = lab.client.journal().entries
    return {entry.language for entry in entries if entry.kind == "query" and entry.client == client}


@pytest.mark.usefixtures("kernels")
def test_a_notebook_explores_the_real_stack_again_and_after_a_reload(
    jupyter: str, open_page: Callable[..., Any], played: Any
) -> None:
    headers = {"Authorization": f"token {TOKEN}"}
    content = {"type": "notebook", "format": "json", "content": notebook(CELLS)}
    address = f"{jupyter}/api/contents/{NAME}"
    httpx.put(address, headers=headers, json=content, timeout=60).raise_for_status()
    page = open_page(reduced_motion="reduce")
    page.set_default_timeout(SLOW)
    page.goto(f"{jupyter}/lab/tree/{NAME}?reset&token={TOKEN}")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    page.wait_for_function("() => globalThis.obstackLabEarly")
    for _ in range(2):  # what is run again shows itself again
        run_all(page)
        explorers = page.locator(".ob-explorer")
        explorers.nth(0).locator("canvas").first.wait_for()
        explorers.nth(1).locator(".ob-log-line").first.wait_for()
    assert loaded_early(page)

    logs = page.locator(".ob-explorer").nth(1)
    logs.locator(".ob-log-line", has_text="request").first.click()
    logs.get_by_role("link", name="Open its trace").first.click()
    logs.locator(".ob-gantt").get_by_text("gateway").first.wait_for()
    deadline = time.monotonic() + 60
    while not asked_by(played, "explore") >= {"promql", "logql", "trace"}:
        assert time.monotonic() < deadline, "the journal does not know what was explored"
        page.wait_for_timeout(500)

    page.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for()
    page.keyboard.press("Control+S")
    while not all(cell["outputs"] for cell in saved(address, headers)[1:]):
        assert time.monotonic() < deadline, "the notebook was not saved"
        page.wait_for_timeout(200)
    page.reload()
    page.locator(".ob-explorer canvas").first.wait_for()


@pytest.mark.usefixtures("kernels")
def test_the_voila_page_shows_dashboards_and_explore(
    jupyter: str, open_page: Callable[..., Any], played: Any
) -> None:
    page = open_page(reduced_motion="reduce", color_scheme="dark")
    page.set_default_timeout(SLOW)
    place = "voila/render/notebooks/dashboards/incident.ipynb"
    page.goto(f"{jupyter}/{place}?scenario=checkout-stalls&token={TOKEN}")
    page.locator(".ob-desk").wait_for()
    page.get_by_role("tab", name="Dashboards").click()
    page.locator(".ob-board canvas").nth(2).wait_for()
    assert not page.locator(".ob-board .MuiAlert-root").count(), "no panel shows an error"
    page.get_by_role("tab", name="Explore").click()
    explore = page.get_by_role("tabpanel", name="Explore")
    explore.locator("canvas").first.wait_for()
    explore.get_by_role("tab", name="Traces").click()
    explore.locator(".MuiDataGrid-row a").first.click()
    explore.locator(".ob-gantt").wait_for()
    assert "promql" in asked_by(played, "dashboard")
    assert loaded_early(page)


def test_the_bundle_is_served_by_its_hash_to_who_has_the_token(jupyter: str) -> None:
    mine = {"Authorization": f"token {TOKEN}"}
    place = f"{jupyter}/obstack-lab/explore"
    found = httpx.get(f"{place}/{digest()}.js", headers=mine, timeout=20)
    assert (found.status_code, found.headers["content-encoding"]) == (200, "gzip")
    assert "immutable" in found.headers["cache-control"]
    assert found.content == gzip.decompress(packed())
    assert httpx.get(f"{place}/{'0' * 64}.js", headers=mine, timeout=20).status_code == 404
    assert httpx.get(f"{place}/{digest()}.js", timeout=20).status_code in {302, 403}
