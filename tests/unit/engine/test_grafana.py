"""How Grafana would be started; no Grafana has run it: a script stands in for the program."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import pytest

from obstack_lab.engine.callback import Callback
from obstack_lab.engine.embedded.engine import EmbeddedEngine
from obstack_lab.engine.embedded.grafana import Grafana
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.programs import find_grafana
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.settings import LabHome, resources

LAB = Callback("http://127.0.0.1:1", "t0ken")
STAND_IN = """#!{python}
import http.server, json, os, sys

class Health(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200 if self.path == "/api/health" else 404)
        self.end_headers()
    def log_message(self, *_):
        pass

told = {{name: os.environ[name] for name in os.environ if name[:3] in ("GF_", "OBS")}}
with open(os.environ["GF_PATHS_DATA"] + "/told.json", "w") as file:
    json.dump({{"argv": sys.argv[1:], "cwd": os.getcwd(), "told": told}}, file)
address = os.environ["GF_SERVER_HTTP_ADDR"], int(os.environ["GF_SERVER_HTTP_PORT"])
http.server.HTTPServer(address, Health).serve_forever()
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabHome:
    """A lab beside an unpacked archive of Grafana, whose bin/ is on PATH."""
    archive = tmp_path / "grafana-13"
    (archive / "bin").mkdir(parents=True)
    (archive / "conf").mkdir()
    (archive / "conf" / "defaults.ini").touch()
    program = archive / "bin" / "grafana"
    program.write_text(STAND_IN.format(python=sys.executable))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{archive / 'bin'}:/usr/bin:/bin")
    home = LabHome(tmp_path / "läb with spaces")
    home.create()
    return home


def test_it_is_told_where_everything_is_and_how_to_reach_the_orchestrator(home: LabHome) -> None:
    place = Place(home, "cafe0001", time.time, RosterFile(home.private / FILE_NAME, "cafe0001"))
    found = find_grafana(home)
    assert found is not None
    grafana = Grafana(place, found, LAB)
    try:
        grafana.start()
        assert grafana.state == "healthy"
        said = json.loads((home.private / "grafana" / "told.json").read_text("utf-8"))
    finally:
        grafana.stop()
        place.spawner.close()
    stack = resources() / "stack"
    assert said["argv"] == [
        "server",
        f"--homepath={found.home}",
        f"--config={stack / 'grafana' / 'grafana.ini'}",
    ]
    assert said["cwd"] == str(found.home)
    told = said["told"]
    assert told["GF_SERVER_HTTP_ADDR"] == "127.0.0.1"
    assert told["GF_SERVER_ROOT_URL"] == f"{grafana.address}/"
    assert (told["OBSTACK_LAB_URL"], told["OBSTACK_LAB_TOKEN"]) == (LAB.url, LAB.token)
    for name in ("GF_PATHS_DATA", "GF_PATHS_LOGS", "GF_PATHS_PLUGINS"):
        assert told[name].startswith(str(home.private)), "nobody else reads the token there"
    assert LAB.token not in " ".join(said["argv"])


@pytest.mark.parametrize("kind", ["config", "provisioning", "dashboards"])
def test_what_it_is_pointed_at_is_there(kind: str) -> None:
    stack = resources() / "stack"
    if kind == "config":
        assert (stack / "grafana" / "grafana.ini").is_file()
    elif kind == "provisioning":
        used = (stack / "grafana" / "provisioning").rglob("*.yaml")
        text = "".join(file.read_text("utf-8") for file in used)
        for variable in ("OBSTACK_LAB_URL", "OBSTACK_LAB_TOKEN", "OBSTACK_LAB_DASHBOARDS"):
            assert f"${{{variable}}}" in text
    else:
        assert list((stack / "dashboards" / "grafana").glob("*.json"))


def test_a_lab_has_one_only_on_native_backends_and_where_the_whole_of_it_is_installed(
    home: LabHome, tmp_path: Path
) -> None:
    def names(*, native: bool) -> set[str]:
        engine = EmbeddedEngine(home, "cafe0001", native=native, callback=LAB)
        return {each.name for each in engine.components()}

    assert "grafana" in names(native=True)
    assert "grafana" not in names(native=False)
    (tmp_path / "grafana-13" / "conf" / "defaults.ini").unlink()
    if not Path("/usr/share/grafana/conf/defaults.ini").is_file():
        assert "grafana" not in names(native=True)
