"""The desk's script is one sound module that asks nobody outside and writes no HTML."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from obstack_lab.panels import assets

STATIC = Path(assets.__file__).parent / "static"


WIDGETS = sorted(assets.MODULES)


def test_every_module_is_in_a_list() -> None:
    listed = {name for names in assets.MODULES.values() for name in names}
    assert {path.stem for path in STATIC.glob("*.js")} == listed


@pytest.mark.parametrize("widget", WIDGETS)
def test_a_module_imports_only_from_earlier_ones(widget: str) -> None:
    modules = assets.MODULES[widget]
    for place, name in enumerate(modules):
        for other in re.findall(r'from "\./([a-z]+)\.js"', assets.read(f"{name}.js")):
            assert other in modules[:place], f"{name} imports {other}"


@pytest.mark.parametrize("widget", WIDGETS)
def test_what_a_module_imports_its_neighbour_exports(widget: str) -> None:
    for name in assets.MODULES[widget]:
        for words, other in re.findall(
            r'^import \{([^}]*)\} from "\./([a-z]+)\.js"', assets.read(f"{name}.js"), re.MULTILINE
        ):
            text = assets.read(f"{other}.js")
            for word in filter(None, map(str.strip, words.split(","))):
                assert re.search(
                    rf"^export (async )?(function|class|const) {word}\b", text, re.MULTILINE
                )


@pytest.mark.parametrize("widget", WIDGETS)
def test_the_joined_module_has_one_export_and_no_name_twice(widget: str) -> None:
    script = assets.script(widget)
    assert "import " not in re.sub(r"//.*", "", script).split("function", 1)[0]
    assert len(re.findall(r"^export ", script, re.MULTILINE)) == 1
    names = re.findall(r"^(?:async )?(?:function|const|class|let) (\w+)", script, re.MULTILINE)
    assert len(names) == len(set(names))


@pytest.mark.parametrize(
    "word",
    ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"],
)
def test_nothing_is_written_as_html(word: str) -> None:
    assert not [widget for widget in WIDGETS if word in assets.script(widget)]


def test_nothing_is_fetched_from_outside() -> None:
    text = "".join(map(assets.script, WIDGETS)) + assets.style()
    text = text.replace("http://www.w3.org/2000/svg", "")
    assert "http" not in re.sub(r"http_\w+", "", text)
    assert "@import" not in text
    assert "url(" not in text


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node to parse the module")
@pytest.mark.parametrize("widget", WIDGETS)
def test_the_joined_module_parses(tmp_path: Path, widget: str) -> None:
    module = tmp_path / f"{widget}.mjs"
    module.write_text(assets.script(widget), encoding="utf-8")
    done = subprocess.run(
        ["node", "--check", str(module)], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode == 0, done.stderr
