"""Who keeps logs and traces: what is asked of PATH, how it is started, who is told of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from obstack_lab.engine.embedded.engine import EmbeddedEngine
from obstack_lab.engine.embedded.native_store import NativeStore
from obstack_lab.engine.embedded.place import Place
from obstack_lab.engine.embedded.programs import native_stores, need_native_stores
from obstack_lab.engine.embedded.stores import BuiltIn, Native
from obstack_lab.engine.interface import Component
from obstack_lab.engine.record import FILE_NAME, RosterFile
from obstack_lab.errors import UsageError
from obstack_lab.orchestrator.life import make_engine
from obstack_lab.orchestrator.store import store_of
from obstack_lab.orchestrator.watch import Watch
from obstack_lab.settings import LabHome
from obstack_lab.testing import MemoryEngine

ID = "cafe0001"


def program(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\n")
    path.chmod(0o755)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LabHome:
    """A lab whose PATH has a Loki and a Tempo."""
    for name in ("loki", "tempo"):
        program(tmp_path / "bin", name, f"{name}, version 3.0 (branch: main)")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    home = LabHome(tmp_path / "läb with spaces")
    home.create()
    return home


@pytest.fixture
def place(home: LabHome) -> Place:
    return Place(home, ID, lambda: 1000.0, RosterFile(home.private / FILE_NAME, ID))


def test_both_programs_are_found_and_asked_who_they_are(home: LabHome, tmp_path: Path) -> None:
    assert set(native_stores(home)) == {"loki", "tempo"}
    need_native_stores(home)
    program(tmp_path / "bin", "loki", "loki 3.0: linkage analysis of pedigrees")
    with pytest.raises(UsageError, match=r"PATH has no loki\. Put it there, or leave the option"):
        make_engine("embedded", "native", home, ID)
    (tmp_path / "bin" / "tempo").unlink()
    with pytest.raises(UsageError, match="PATH has no loki and no tempo"):
        make_engine("auto", "native", home, ID)


@pytest.mark.parametrize("name", ["loki", "tempo"])
def test_a_program_gets_every_variable_that_its_configuration_asks_for(
    name: str, place: Place
) -> None:
    ports = ("http", "grpc", "otlp") if name == "tempo" else ("http", "grpc")
    command = NativeStore(name, place, ports=ports)._command()
    file = next(word for word in command.argv if word.startswith("-config.file="))
    text = Path(file.partition("=")[2]).read_text("utf-8")
    for variable, value in command.env.items():
        if variable.startswith(f"{name.upper()}_"):
            assert f"${{{variable}:-" in text, variable
            start = text.index(f"${{{variable}:-")
            whole = text[start : text.index("}", start) + 1]
            text = text.replace(whole, value)
    left = {word.partition(":-")[0] for word in text.split("${")[1:]}
    assert left == {f"{name.upper()}_RETENTION"}, "the rest has a default that fits here, too"
    settings = yaml.safe_load(text)
    assert settings["server"]["http_listen_address"] == "127.0.0.1"
    assert settings["server"]["grpc_listen_address"] == "127.0.0.1"
    assert str(place.home.data / name) in text


def test_services_ship_to_the_lab_s_store_by_one_address_and_to_programs_by_two(
    place: Place,
) -> None:
    built_in, native = BuiltIn(place), Native(place)
    ((address, path),) = built_in.paths.items()
    assert built_in.told() == {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{address}"}
    assert path == ""
    told = native.told(through="http://127.0.0.1:1")
    assert told == {
        "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT": "http://127.0.0.1:1/otlp/v1/logs",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces",
    }
    assert {f"http://{end}{path}" for end, path in native.paths.items()} == set(
        native.told().values()
    )


def test_two_programs_are_one_component_with_two_parts(home: LabHome) -> None:
    engine = EmbeddedEngine(home, ID, native=True)
    (found,) = [each for each in engine.components() if each.kind == "telemetry"]
    assert (found.name, [part.name for part in found.children]) == ("telemetry", ["loki", "tempo"])
    assert [unit.name for unit in engine._all.units_of("telemetry")] == ["loki", "tempo"]
    (node,) = [each for each in engine.tree().children if each.name == "telemetry"]
    assert [each.name for each in node.children] == ["loki", "tempo"]
    wards = {ward.unit.name: ward.component for ward in engine._all.wards()}
    assert (wards["loki"], wards["tempo"]) == ("telemetry", "telemetry")
    assert engine.address("tempo") != engine.address("loki") == engine.address("telemetry")
    assert (store_of(engine, "loki"), store_of(engine, "tempo")) == ("loki", "tempo")


def test_without_programs_one_store_answers_for_both(engine: MemoryEngine) -> None:
    assert store_of(engine, "loki") == store_of(engine, "tempo") == "telemetry"
    assert store_of(engine, "prometheus") == "prometheus"


def test_a_group_whose_part_was_ordered_down_is_no_news() -> None:
    def stores(state: str) -> Component:
        part = Component("loki", "telemetry", state)  # type: ignore[arg-type]
        return Component("telemetry", "telemetry", state, children=(part,))  # type: ignore[arg-type]

    watch = Watch()
    watch.look([stores("healthy")], frozenset())
    assert watch.look([stores("stopped")], frozenset({"loki"})) == ()
    assert watch.look([stores("healthy")], frozenset({"loki"})) == ()
    assert [name for name, _ in watch.look([stores("stopped")], frozenset())] == [
        "telemetry",
        "loki",
    ]
