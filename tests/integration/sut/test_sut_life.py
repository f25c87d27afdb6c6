"""How the processes come and go: forks, leashes, deadlines, loading."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import psutil
import psycopg
import pytest

pytestmark = pytest.mark.integration
GONE_WITHIN = 20
"""5 s on a quiet machine."""


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_gone(pids: list[int]) -> None:
    deadline = time.monotonic() + GONE_WITHIN
    while not all(gone(pid) for pid in pids):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_service_is_a_process_of_its_own(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    orders = psutil.Process(shop.pids["orders"])
    assert orders.cmdline()[0] == "sut: orders"
    assert os.getsid(orders.pid) == orders.pid
    assert orders.environ()["OBSTACK_LAB_ID"] == "testlab1"
    assert "DATABASE_URL" not in orders.environ()
    orders.send_signal(signal.SIGTERM)
    event = shop.parent.read()
    assert event == {"event": "exit", "pid": orders.pid, "code": 0, "signal": None}
    shop.spawn("orders", "1.5.0")
    assert shop.get("/healthz", "orders").json()["release"] == "1.5.0"


def test_an_unknown_release_is_refused(open_shop: Callable[..., Any]) -> None:
    shop = open_shop()
    answer = shop.parent.ask(
        op="spawn", id=3, service="orders", release="9.9.9", port=1, env={}, log="x"
    )
    assert answer["id"] == 3
    assert "9.9.9" in answer["error"]
    done = subprocess.run(
        [sys.executable, "-m", "sut", "orders", "--release", "9.9.9", "--port", "1"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "1.4.2" in done.stderr


@pytest.mark.parametrize("how", ["disconnect", "kill"])
def test_children_go_with_their_parent(open_shop: Callable[..., Any], how: str) -> None:
    shop = open_shop()
    os.kill(shop.pids["orders"], signal.SIGSTOP)
    if how == "disconnect":
        shop.parent.let_go()
        shop.edge.let_go()
    else:
        shop.parent.process.kill()
        shop.edge.process.kill()
    pids = [*shop.pids.values(), shop.parent.process.pid, shop.edge.process.pid]
    wait_gone(pids)


def test_a_store_that_never_answers_delays_neither_requests_nor_the_end(
    open_shop: Callable[..., Any],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shop = open_shop(store_url=f"http://127.0.0.1:{silent.getsockname()[1]}")
        for _ in range(5):
            assert shop.get("/catalogue").elapsed.total_seconds() < 5
        os.kill(shop.pids["gateway"], signal.SIGTERM)
        wait_gone([shop.pids["gateway"]])


def test_a_restarted_database_is_found_again(open_shop: Callable[..., Any], postgres: str) -> None:
    shop = open_shop()
    assert shop.get("/catalogue").status_code == 200
    with psycopg.connect(postgres, autocommit=True) as operator:
        operator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'orders'"
        )
    deadline = time.monotonic() + 20
    while shop.get("/catalogue").status_code != 200:
        assert time.monotonic() < deadline
    shop.wait_until_ready("orders")


def test_the_data_set_is_loaded_once(postgres: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sut.seed", "--json"],
        env={**os.environ, "DATABASE_URL": postgres},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    (found,) = [json.loads(line) for line in done.stdout.splitlines()]
    assert found["fresh"] is False
    assert found["rows"]["products"] == 5000
    assert found["rows"]["orders"] >= 200_000
    refused = subprocess.run(
        [sys.executable, "-m", "sut.seed"],
        env={**os.environ, "DATABASE_URL": "postgresql://shop:no@127.0.0.1:1/shop"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1
