"""What a page begins to load before it is needed: an extension of the lab's Jupyter server.

The dashboards' JavaScript, which widgets have from their kernel elsewhere; and Voila's own scripts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.utils import url_path_join
from tornado import web
from voila.paths import collect_static_paths

from obstack_lab.panels import bundle
from obstack_lab.settings import resources

BEGINNING = "obstack-lab/preload.js"
"""Where the module is that begins to load, below the server's base; it is small and not kept."""
_FOLDER = Path("stack/jupyter")
SCRIPTS = _FOLDER / "voila" / "scripts.txt"
"""What every page of Voila 0.5.13 loads of Voila's own, bit by bit, once its kernel runs."""
_YEAR = 365 * 24 * 3600


def scripts() -> list[str]:
    """Return the names of Voila's scripts to begin with: those that its release here has."""
    names = (resources() / SCRIPTS).read_text(encoding="ascii").split()
    folders = [Path(folder) for folder in collect_static_paths(["voila"], "base")]
    return [name for name in names if any((folder / name).is_file() for folder in folders)]


class Beginning(JupyterHandler):
    """Has a page load the bundle: one of Voila, with its scripts, while its kernel starts."""

    @web.authenticated
    def get(self) -> None:
        """Answer with a module that does so; `?page=voila` is how Voila asks."""
        place = url_path_join(self.base_url, "voila/static")
        names = scripts() if self.get_argument("page", "") == "voila" else []
        addresses = [url_path_join(place, name) for name in names]
        self.set_header("Content-Type", "text/javascript")
        self.set_header("Cache-Control", "no-store")
        given = f"{json.dumps(bundle.digest())}, {json.dumps(addresses)}"
        script = (resources() / _FOLDER / "preload.js").read_text(encoding="utf-8")
        self.finish(f"{script}begin({given});\n")


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
            (url_path_join(base, BEGINNING), Beginning),
            (url_path_join(base, r"obstack-lab/explore/([0-9a-f]{64})\.js"), Bundle),
        ],
    )
