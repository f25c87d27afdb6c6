"""Fixtures of the telemetry store's unit tests: a store in memory, the shared folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from obstack_lab.telemetry.app import build_app
from obstack_lab.telemetry.database import Database
from obstack_lab.telemetry.housekeeper import Retention
from obstack_lab.telemetry.loki.store import LogStore


@pytest.fixture
def shared() -> Path:
    """The folder beside the checkout; tests that need it skip where it is absent."""
    folder = Path(__file__).parents[4] / "shared"
    if not folder.is_dir():
        pytest.skip("../shared is not here")
    return folder


@pytest.fixture
def log_store() -> Iterator[LogStore]:
    """An empty log store in memory."""
    database = Database()
    yield LogStore(database)
    database.close()


@pytest.fixture
def face() -> Iterator[TestClient]:
    """The whole store over HTTP, in this process and memory; an unhandled error is a 500."""
    app = build_app(Database(), Retention(seconds=None, megabytes=None))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
