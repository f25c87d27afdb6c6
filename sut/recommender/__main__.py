"""`python -m sut.recommender PROCESSES`: compute recommendations until SIGTERM."""

from __future__ import annotations

import argparse
import multiprocessing
import os
import random
import signal
import sys
from typing import NoReturn

_PRODUCTS = 300
_FEATURES = 12
_STEPS = 2000

parser = argparse.ArgumentParser(prog="python -m sut.recommender", description=__doc__)
parser.add_argument("processes", type=int, choices=range(1, 17), metavar="PROCESSES")


def recommend(parent: int, seed: int) -> None:
    """Fit product vectors to who buys what, again and again, while the parent lives."""
    chance = random.Random(seed)  # noqa: S311 recommendations, not secrets
    vectors = [[chance.gauss(0, 0.1) for _ in range(_FEATURES)] for _ in range(_PRODUCTS)]
    while os.getppid() == parent:
        for _ in range(_STEPS):
            one, other = chance.choice(vectors), chance.choice(vectors)
            bought = chance.random() < 0.1
            error = bought - sum(a * b for a, b in zip(one, other, strict=True))
            for place, (a, b) in enumerate(zip(one, other, strict=True)):
                one[place] += 0.01 * error * b
                other[place] += 0.01 * error * a


def _leave(*_: object) -> NoReturn:
    sys.exit(0)


def main(processes: int) -> None:
    """Compute in so many processes until SIGTERM; they end with this one."""
    signal.signal(signal.SIGTERM, _leave)
    context = multiprocessing.get_context("fork")
    parent = os.getpid()
    team = [
        context.Process(target=recommend, args=(parent, seed), daemon=True)
        for seed in range(processes)
    ]
    for each in team:
        each.start()
    for each in team:
        each.join()


if __name__ == "__main__":
    main(parser.parse_args().processes)
