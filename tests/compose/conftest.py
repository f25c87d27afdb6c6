"""An engine with images for the tests of this folder; where it cannot be had they say why."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import docker_images
import pytest
from docker_engine import (
    SETUP_SECONDS,
    Engine,
    Kept,
    Unavailable,
    budget,
    control_groups,
    links,
)

HERE = Path(__file__).parent
TEST_SECONDS = 600
"""The first test has the setting-up in it."""
KEPT_VARIABLE = "OBSTACK_TEST_DOCKER"
"""A folder with an engine that runs already, with the images: for who works on this."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.compose)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine of our own with every image of `light`; at the end nothing of it is left."""
    if kept := os.environ.get(KEPT_VARIABLE):
        yield Kept(Path(kept))
        return
    before, groups = links(), set(control_groups())
    made = None
    try:
        budget.begin(SETUP_SECONDS)
        made = Engine(tmp_path_factory.mktemp("docker"))
        made.unpack()
        made.start()
        docker_images.prepare(made)
    except Unavailable as reason:
        budget.end()
        if made is not None:
            made.close()
        pytest.skip(f"no Docker engine of our own: {reason}")
    budget.end()
    try:
        yield made
    finally:
        made.close()
    assert made.processes() == []
    assert links() == before
    assert set(control_groups()) <= groups
    assert not made.folder.exists()


@pytest.fixture(scope="module")
def environment(engine: Engine) -> Iterator[dict[str, str]]:
    """Have this process, and those that it starts, use the engine."""
    told = {
        name: value for name, value in engine.environment.items() if os.environ.get(name) != value
    }
    before = {name: os.environ.get(name) for name in told}
    os.environ.update(told)
    yield told
    for name, value in before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value
