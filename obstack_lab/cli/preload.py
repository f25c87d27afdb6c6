"""Serves the dashboards' module before a widget needs it: an extension of the lab's Jupyter server.

Widgets have it from their kernel; a page that loaded it before has it sooner. A page of Voila
begins while its kernel starts, JupyterLab once it has nothing else to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web

from obstack_lab.panels import bundle
from obstack_lab.settings import resources

SCRIPT = Path("stack/jupyter/preload.js")
_YEAR = 365 * 24 * 3600


class Preload(JupyterHandler):
    """Has the page load the bundle that this server's lab has."""

    @web.authenticated
    def get(self) -> None:
        """Answer with a module that does so; it is small, and not kept."""
        script = (resources() / SCRIPT).read_text(encoding="utf-8")
        self.set_header("Content-Type", "text/javascript")
        self.set_header("Cache-Control", "no-store")
        self.finish(f'{script}begin("{bundle.digest()}");\n')


class Bundle(JupyterHandler):
    """The bundle itself, gzipped; a browser keeps it, and what it has compiled of it."""

    @web.authenticated
    def get(self, digest: str) -> None:
        """Answer with the module, where it is of this hash."""
        if digest != bundle.digest():
            raise web.HTTPError(404)
        self.set_header("Content-Type", "text/javascript")
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", f"private, max-age={_YEAR}, immutable")
        self.finish(bundle.packed())


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: Any) -> None:
    """Add both addresses to this server."""
    base = server.web_app.settings["base_url"]
    server.web_app.add_handlers(
        ".*$",
        [
            (url_path_join(base, "obstack-lab/preload.js"), Preload),
            (url_path_join(base, r"obstack-lab/explore/([0-9a-f]{64})\.js"), Bundle),
        ],
    )
