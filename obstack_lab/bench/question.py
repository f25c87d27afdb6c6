"""What the store is asked, as `queries.yaml` has it, and how long an answer takes."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.resources import files
from typing import Any

import httpx
from pydantic import BaseModel, ConfigDict

from obstack_lab.bench.budget import Budget
from obstack_lab.bench.figure import Figure, figure

MILLISECONDS = 1000.0
_PATIENCE = 60.0
"""Seconds for one answer."""
_AT_MOST = 20.0
"""Seconds for all the answers to one question: a slow one is not asked as often."""


class Question(BaseModel):
    """One query with its budget in milliseconds and what others need for it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title: str
    query: str
    kind: str
    step: int = 0
    budget: float
    beside: Mapping[str, float] = {}


def questions(language: str) -> tuple[Question, ...]:
    """Return the questions of a language."""
    import yaml

    text = files(__package__).joinpath("queries.yaml").read_text(encoding="utf-8")
    return tuple(Question.model_validate(each) for each in yaml.safe_load(text)[language])


def asked(
    question: Question,
    ask: Callable[[], httpx.Response],
    found: Callable[[Any], Sequence[Any]],
    *,
    times: int,
    beside: Mapping[str, float] | None = None,
) -> Figure:
    """Return how long answers take, the first one apart; one that fails or is empty is a miss."""
    note, samples = "", list[float]()
    try:
        first, note = _timed(ask, found)
        until = time.monotonic() + _AT_MOST
        while not note and len(samples) < times and (not samples or time.monotonic() < until):
            samples.append(_timed(ask, found)[0])
        if samples and first > 3 * max(samples):
            note = f"first {first:.0f} ms"
    except httpx.HTTPError as error:
        note = f"{type(error).__name__} within {_PATIENCE:.0f} s"
    return figure(
        question.title,
        samples,
        "ms",
        budget=Budget(question.budget),
        beside={**question.beside, **(beside or {})},
        note=note,
    )


def _timed(
    ask: Callable[[], httpx.Response], found: Callable[[Any], Sequence[Any]]
) -> tuple[float, str]:
    began = time.perf_counter()
    response = ask()
    taken = (time.perf_counter() - began) * MILLISECONDS
    if response.is_error:
        return taken, f"{response.status_code} after {taken:.0f} ms: {response.text[:80].strip()}"
    return taken, "" if found(response.json()) else "an empty answer"


def client(url: str) -> httpx.Client:
    """Return a client of the store that waits long enough for a slow answer."""
    return httpx.Client(base_url=url, timeout=_PATIENCE, trust_env=False)
