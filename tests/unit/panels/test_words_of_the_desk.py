"""Numbers have a unit and three digits, unknown is a dash, and 100 % means all."""

from __future__ import annotations

import math

import pytest

from obstack_lab.lab import words

N = words.NARROW


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"),
        (math.nan, "–"),
        (0, "0"),
        (1204, "1,204"),
        (0.01234, "0.0123"),
        (39.62, "39.6"),
        (9.999, "10.0"),
        (-5.5, "-5.50"),
    ],
)
def test_a_number_has_three_significant_digits(value: float | None, text: str) -> None:
    assert words.number(value) == text


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (1.0, f"100{N}%"),
        (0.99999, f"99.9{N}%"),
        (0.62, f"62.0{N}%"),
        (0.0, f"0{N}%"),
        (0.0004, f"0{N}%"),
        (None, "–"),
    ],
)
def test_a_share_is_never_rounded_up(ratio: float | None, text: str) -> None:
    assert words.percent(ratio) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, f"0{N}s"),
        (0.0412, f"41.2{N}ms"),
        (2.08, f"2.1{N}s"),
        (59.7, f"1{N}m 0{N}s"),
        (100, f"1{N}m 40{N}s"),
        (3900, f"1{N}h 5{N}m"),
        (None, "–"),
    ],
)
def test_a_duration_reads_as_people_say_it(seconds: float | None, text: str) -> None:
    assert words.duration(seconds) == text


def test_the_clock_has_a_sign_before_the_start() -> None:
    assert words.clock(252) == "04:12"
    assert words.clock(-30) == "−00:30"
    assert words.clock(3723) == "1:02:03"


def test_a_target_is_said_in_words() -> None:
    assert words.target(">= 0.99", "ratio") == f"at least 99{N}%"
    assert words.target("<= 0.8", "seconds") == f"at most 800{N}ms"


@pytest.mark.parametrize("sign", [*words.PHASES.values(), *words.VERDICTS.values()])
def test_every_state_is_a_word_and_a_shape_and_a_tone(sign: words.Sign) -> None:
    assert sign.word
    assert sign.shape
    assert sign.tone in {"fine", "warn", "bad", "calm"}
