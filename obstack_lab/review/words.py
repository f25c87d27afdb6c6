"""How a review writes durations, shares and counts."""

from __future__ import annotations

UNKNOWN = "–"


def duration(seconds: float | None) -> str:
    """Return `1 m 40 s`, `230 ms`, `2.1 s`, or `–` for what is not known."""
    if seconds is None:
        return UNKNOWN
    if seconds < 0:
        return f"−{duration(-seconds)}"
    minutes, rest = divmod(round(seconds), 60)
    if 0 < seconds < 0.9995:
        shown = f"{seconds * 1000:.3g} ms"
    elif seconds < 9.95:
        shown = f"{seconds:.1f} s".replace(".0 s", " s")
    elif not minutes:
        shown = f"{rest} s"
    else:
        shown = f"{minutes} m {rest} s" if rest else f"{minutes} m"
    return shown


def clock(seconds: float) -> str:
    """Return the run's clock: `04:12` since the incident began, `−00:30` before."""
    minutes, rest = divmod(abs(round(seconds)), 60)
    return f"{'−' if round(seconds) < 0 else ''}{minutes:02d}:{rest:02d}"


def percent(ratio: float | None) -> str:
    """Return `99.4 %`; a share just below the whole never reads as 100."""
    if ratio is None:
        return UNKNOWN
    value = ratio * 100
    shown = f"{min(value, 99.9) if ratio < 1 else value:.1f}".removesuffix(".0")
    return f"{shown} %"


def count(number: int) -> str:
    """Return `12,040`."""
    return f"{number:,}"


def counted(number: int, noun: str) -> str:
    """Return `1 request`, `12,040 requests`."""
    return f"{count(number)} {noun if number == 1 else f'{noun}s'}"


def one_line(text: str) -> str:
    """Return a text without line breaks and double spaces."""
    return " ".join(text.split())
