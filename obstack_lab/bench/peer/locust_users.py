"""Locust at the same target, in a process of its own: `locust_users.py MAKER URL RATE SECONDS`.

Imports nothing of the lab: the Python that has Locust may be another. Prints one JSON line.
"""

from __future__ import annotations

import json
import sys
import time

import gevent
import locust
from locust.env import Environment


def main() -> None:
    """Run as many users as there are requests a second, each once a second."""
    maker, url, rate, seconds, warm_up = sys.argv[1:6]

    class Reader(getattr(locust, maker)):  # type: ignore[misc]  # Locust has no types for it
        """Asks for the report, once a second."""

        host = url
        wait_time = locust.constant_throughput(1)
        last = 0.0

        @locust.task  # type: ignore[untyped-decorator]  # Locust has no types for it
        def report(self) -> None:
            """Note the distance from the arrival before, then send."""
            now = time.monotonic()
            if self.last and now >= begin:
                late.append(now - self.last - 1.0)
            self.last = now
            self.client.get("/reports/daily")

    late: list[float] = []
    environment = Environment(user_classes=[Reader])
    runner = environment.create_local_runner()
    users = int(rate)
    begin = time.monotonic() + 1e9
    runner.start(users, spawn_rate=users / 2)
    gevent.sleep(float(warm_up) + 2)
    begin = time.monotonic()
    spent = time.process_time()
    gevent.sleep(float(seconds))
    spent = time.process_time() - spent
    print(json.dumps({"late": list(late), "cpu_seconds": spent}))  # noqa: T201
    runner.quit()


if __name__ == "__main__":
    main()
